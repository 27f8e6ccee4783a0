// A bot by grammY, to prove tests/fakes/telegram.py with: it prints what it
// receives and does what it is told, one line of JSON each.
const { Bot, GrammyError, HttpError } = require("grammy");

const { API, TOKEN, ONCE } = process.env;
const bot = new Bot(TOKEN, { client: { apiRoot: API } });
const print = (what) => console.log(JSON.stringify(what));

const deeds = {
  html: (c) => c.reply("<b>bold</b> &lt;<i>x</i> <a href=\"http://a.b\">l</a>",
    { parse_mode: "HTML", reply_parameters: { message_id: c.msgId } }),
  brokenHtml: (c) => c.reply("<b>bold", { parse_mode: "HTML" }),
  wrongTag: (c) => c.reply("a < b", { parse_mode: "HTML" }),
  empty: (c) => c.reply(" \u200b "),
  full: (c) => c.reply("\u{1F600}".repeat(2048)),
  tooLong: (c) => c.reply("\u{1F600}".repeat(2048) + "x"),
  noChat: (c) => c.api.sendMessage(99999, "x"),
  typing: (c) => c.replyWithChatAction("typing"),
  topic: (c) => c.reply("x", { message_thread_id: 7 }),
  general: (c) => c.reply("x", { message_thread_id: 1 }),
  buttons: (c) => c.reply("choose", { reply_markup: {
    inline_keyboard: [[{ text: "Yes", callback_data: "yes" }]] } }),
  commands: async (c) => {
    await c.api.setMyCommands([{ command: "help", description: "Help" }]);
    return c.api.getMyCommands();
  },
  badCommand: (c) => c.api.setMyCommands(
    [{ command: "Help-me", description: "Help" }]),
  file: async (c) => {
    const file = await c.api.getFile("f1");
    const got = await fetch(`${API}/file/bot${TOKEN}/${file.file_path}`);
    return { path: file.file_path, text: await got.text() };
  },
  edit: async (c) => {
    const sent = await c.reply("one");
    await c.api.editMessageText(sent.chat.id, sent.message_id, "two");
    return c.api.editMessageText(sent.chat.id, sent.message_id, "two");
  },
  card: async (c) => {
    const sent = await deeds.buttons(c);
    return c.api.editMessageText(sent.chat.id, sent.message_id, "done");
  },
  lost: (c) => c.api.getFile("nowhere"),
  plain: (c) => c.reply("plain"),
};

async function run(c, name) {
  try {
    print({ done: name, result: await deeds[name](c) });
  } catch (e) {
    if (e instanceof GrammyError)
      print({ failed: name, code: e.error_code, text: e.description,
        parameters: e.parameters });
    else
      print({ failed: name, http: e instanceof HttpError, text: String(e) });
  }
}

bot.on("message:text", (c) => {
  print({ message: c.msg.text, from: c.from.id, chat: c.chat.type,
    entities: c.msg.entities ?? [] });
  if (deeds[c.msg.text])
    return run(c, c.msg.text);
});
bot.on("message:migrate_to_chat_id", (c) =>
  print({ moved: c.chat.id, to: c.msg.migrate_to_chat_id }));
bot.on("message:migrate_from_chat_id", (c) =>
  print({ moved: c.msg.migrate_from_chat_id, to: c.chat.id }));
bot.on("edited_message:text", (c) => print({ edited: c.msg.text }));
bot.on("my_chat_member", (c) => print({ member: c.myChatMember
  .new_chat_member.status }));
bot.on("callback_query:data", async (c) => {
  await c.answerCallbackQuery({ text: "ok" });
  await c.editMessageReplyMarkup();
  print({ pressed: c.callbackQuery.data });
});
bot.catch((e) => print({ caught: String(e.error) }));

bot.start({
  allowed_updates: ["message", "edited_message", "callback_query",
    "my_chat_member"],
  timeout: ONCE ? 0 : 20,
  onStart: (me) => print({ started: me.username }),
}).catch((e) => {
  print({ stopped: e.error_code ?? 0, text: e.description ?? String(e) });
  process.exit(3);
});

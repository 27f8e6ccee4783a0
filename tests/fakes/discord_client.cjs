// A small bot on discord.js, which proves the Discord double: what this public
// library and the double agree on is how Discord works.
"use strict";
const { createRequire } = require("node:module");
const { Client, GatewayIntentBits, Partials, SlashCommandBuilder } =
    createRequire(process.env.NODE_HOME + "/package.json")("discord.js");

const client = new Client({
  intents: [GatewayIntentBits.Guilds, GatewayIntentBits.GuildMessages,
            GatewayIntentBits.DirectMessages,
            GatewayIntentBits.MessageContent],
  partials: [Partials.Channel],
  rest: { api: process.env.API, version: "10" },
});
const tell = (...words) => console.log(words.join(" "));

client.on("clientReady", async () => {
  await client.application.commands.set([
    new SlashCommandBuilder().setName("task").setDescription("work")
        .addStringOption((o) => o.setName("prompt").setDescription("what")
            .setRequired(true)).toJSON(),
  ]);
  tell("ready", client.user.id, client.guilds.cache.first().name);
});
client.on("shardResume", () => tell("resumed"));
client.on("messageCreate", async (message) => {
  if (message.author.bot) return;
  tell("heard", message.content);
  if (message.content.startsWith("many"))
    for (let i = 0; i < 8; i++) await message.channel.send(`answer ${i}`);
  else
    await message.reply({ content: `you said ${message.content}`,
                          allowedMentions: { parse: [] } });
});
client.on("interactionCreate", async (interaction) => {
  await interaction.deferReply();
  await interaction.editReply(
      `did ${interaction.options.getString("prompt")}`);
  await interaction.followUp("and more");
});
client.on("error", (e) => tell("error", e.message));
client.login(process.env.TOKEN);

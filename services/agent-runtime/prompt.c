/* Lines from a person, edited by libedit where there is a terminal. */

#include "services/agent-runtime/prompt.h"

#include <histedit.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "libcommon/arena.h"

enum { HISTORY_LINES = 1000, MAX_LINE = 1024 * 1024 };

struct prompt {
	EditLine *edit; /* NULL: no terminal */
	History *history;
	char *history_file;
	char *line;
	size_t room;
};

static char *
prompt_text(EditLine *edit)
{
	static char text[] = "you> ";

	(void)edit;
	return text;
}

static void
open_editor(struct prompt *prompt)
{
	HistEvent event;

	setlocale(LC_CTYPE, "");
	prompt->edit = el_init("agent-runtime", stdin, stdout, stderr);
	if (prompt->edit == NULL)
		return;
	prompt->history = history_init();
	history(prompt->history, &event, H_SETSIZE, HISTORY_LINES);
	history(prompt->history, &event, H_SETUNIQUE, 1);
	history(prompt->history, &event, H_LOAD, prompt->history_file);
	el_set(prompt->edit, EL_PROMPT, prompt_text);
	el_set(prompt->edit, EL_EDITOR, "emacs");
	el_set(prompt->edit, EL_HIST, history, prompt->history);
	/* Ctrl-C gives the terminal back before it ends us. */
	el_set(prompt->edit, EL_SIGNAL, 1);
	el_set(prompt->edit, EL_BIND, "^R", "em-inc-search-prev", NULL);
}

struct prompt *
prompt_open(const char *data_dir)
{
	struct prompt *prompt = xcalloc(1, sizeof(*prompt));

	if (asprintf(&prompt->history_file, "%s/run/chat_history", data_dir) <
	    0)
		abort();
	if (isatty(STDIN_FILENO) && isatty(STDOUT_FILENO))
		open_editor(prompt);
	return prompt;
}

static void
remember(struct prompt *prompt, const char *line)
{
	HistEvent event;
	mode_t old;

	if (line[strspn(line, " \t\r\n")] == '\0')
		return;
	history(prompt->history, &event, H_ENTER, line);
	/* After each line: whoever is killed should find it again. */
	old = umask(077);
	history(prompt->history, &event, H_SAVE, prompt->history_file);
	umask(old);
}

static ssize_t
read_raw(struct prompt *prompt)
{
	const char *edited;
	int size = 0;

	if (prompt->edit == NULL)
		return getline(&prompt->line, &prompt->room, stdin);
	edited = el_gets(prompt->edit, &size);
	if (edited == NULL || size <= 0)
		return -1;
	remember(prompt, edited);
	free(prompt->line);
	prompt->line = xstrdup(edited);
	return size;
}

const char *
prompt_read(struct prompt *prompt)
{
	for (;;) {
		ssize_t size = read_raw(prompt);

		if (size < 0)
			return NULL;
		if (size <= MAX_LINE) {
			prompt->line[strcspn(prompt->line, "\r\n")] = '\0';
			return prompt->line;
		}
		fprintf(stderr,
		    "this line has %zd bytes and is not sent; at most 1 MiB "
		    "is\n",
		    size);
	}
}

void
prompt_close(struct prompt **slot)
{
	struct prompt *prompt = *slot;

	if (prompt->edit != NULL) {
		printf("\n");
		el_end(prompt->edit);
		history_end(prompt->history);
	}
	free(prompt->history_file);
	free(prompt->line);
	xfree(slot);
}

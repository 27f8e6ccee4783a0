#ifndef TASK_ENGINE_LLM_PIECES_H
#define TASK_ENGINE_LLM_PIECES_H

struct buf;
struct json;
struct llm_stream;

/*
 * How each provider sends an answer in pieces: the keys that ask for it, what
 * one event adds, and the body that the pieces make. Pure.
 */
extern const char openai_stream_keys[];
void openai_hear(struct llm_stream *stream, const struct json *event);
void openai_write(const struct llm_stream *stream, struct buf *out);

extern const char anthropic_stream_keys[];
void anthropic_hear(struct llm_stream *stream, const struct json *event);
void anthropic_write(const struct llm_stream *stream, struct buf *out);

#endif

/* Bytes as text and back. */

#include "libcommon/base64.h"

#include <stdbool.h>
#include <stdint.h>

#include "libcommon/err.h"

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
			     "abcdefghijklmnopqrstuvwxyz0123456789+/=";

enum { PAD = 64, NO_DIGIT = 64 };

size_t
base64_size(size_t n_bytes)
{
	return (n_bytes + 2) / 3 * 4;
}

void
base64_write(char *out, const void *data, size_t size)
{
	const unsigned char *in = data;

	for (size_t i = 0; i < size; i += 3) {
		size_t n = size - i < 3 ? size - i : 3;
		uint32_t bits = (uint32_t)in[i] << 16 |
				(n > 1 ? (uint32_t)in[i + 1] << 8 : 0) |
				(n > 2 ? in[i + 2] : 0u);

		*out++ = digits[bits >> 18];
		*out++ = digits[bits >> 12 & 63];
		*out++ = digits[n > 1 ? bits >> 6 & 63 : PAD];
		*out++ = digits[n > 2 ? bits & 63 : PAD];
	}
	*out = '\0';
}

static uint32_t
digit_value(char c)
{
	if (c >= 'A' && c <= 'Z')
		return (uint32_t)(c - 'A');
	if (c >= 'a' && c <= 'z')
		return (uint32_t)(c - 'a') + 26;
	if (c >= '0' && c <= '9')
		return (uint32_t)(c - '0') + 52;
	return c == '+' ? 62 : c == '/' ? 63 : NO_DIGIT;
}

static int
malformed(struct err *err)
{
	return err_set(err, ERR_INVALID, "it is not base64");
}

/* Four characters, of which the last `n_pads` are padding. */
static int
read_four(unsigned char out[3], const char *four, size_t n_pads)
{
	uint32_t bits = 0;

	for (size_t i = 0; i < 4; i++) {
		uint32_t value = i < 4 - n_pads ? digit_value(four[i]) : 0;

		if (value == NO_DIGIT)
			return -1;
		bits = bits << 6 | value;
	}
	out[0] = (unsigned char)(bits >> 16);
	out[1] = (unsigned char)(bits >> 8);
	out[2] = (unsigned char)bits;
	/* Bits that stand for no byte: another text for the same bytes. */
	return (n_pads > 0 && out[2]) || (n_pads > 1 && out[1]) ? -1 : 0;
}

int
base64_read(void *data, size_t *n_bytes_out, const char *text, size_t size,
    struct err *err)
{
	unsigned char *out = data;

	*n_bytes_out = 0;
	if (size % 4 != 0)
		return malformed(err);
	for (size_t i = 0; i < size; i += 4) {
		bool is_last = i + 4 == size;
		size_t n_pads = 0;

		if (is_last && text[i + 3] == '=')
			n_pads = text[i + 2] == '=' ? 2 : 1;
		if (read_four(out, text + i, n_pads) < 0)
			return malformed(err);
		out += 3 - n_pads;
	}
	*n_bytes_out = (size_t)(out - (unsigned char *)data);
	return 0;
}

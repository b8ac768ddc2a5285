/* pem.c - PEM text line by line: BEGIN, headers, body, END. LF or CR LF, and white space around a line, are all one. */
#include "identity/pem.h"

#include <string.h>

static bool is_text(struct dtls_bytes bytes, const char *text)
{
    return dtls_bytes_equal(bytes, (struct dtls_bytes){ (const uint8_t *)text, strlen(text) });
}

static bool is_space(uint8_t c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* The next line without the white space around it. */
static struct dtls_bytes read_line(struct dtls_reader *file)
{
    struct dtls_reader ahead = *file;
    size_t before = 0, len = 0, trimmed = 0; /* white space in front; the whole line; up to its last visible byte */
    uint8_t c = 0;

    while (c != '\n' && dtls_reader_has_more(&ahead)) {
        c = dtls_read_u8(&ahead);
        len++;
        if (!is_space(c))
            trimmed = len;
        else if (trimmed == 0)
            before = len;
    }
    struct dtls_reader line = dtls_reader_of(dtls_read_bytes(file, len));
    dtls_read_bytes(&line, before);
    return dtls_read_bytes(&line, trimmed == 0 ? 0 : trimmed - before);
}

/* Is the line `start` + label + "-----"? */
static bool read_boundary(struct dtls_bytes line, const char *start, struct dtls_bytes *label)
{
    const size_t start_len = strlen(start), end_len = strlen("-----");
    struct dtls_reader from = dtls_reader_of(line);

    if (line.len < start_len + end_len || !is_text(dtls_read_bytes(&from, start_len), start))
        return false;
    *label = dtls_read_bytes(&from, line.len - start_len - end_len);
    return is_text(dtls_read_rest(&from), "-----");
}

/* Headers (RFC 1421, 4.6) and body, up to the END line of this label; false when the file ends before it. A BEGIN
 * line inside is no END and no base64 either: whoever decodes the body will see. */
static bool read_body(struct dtls_reader *file, struct dtls_pem_block *block)
{
    struct dtls_reader body = *file;
    struct dtls_bytes label;

    while (dtls_reader_has_more(file)) {
        struct dtls_reader before = *file;
        struct dtls_bytes line = read_line(file);

        if (read_boundary(line, "-----END ", &label)) {
            block->text = dtls_read_bytes(&body, body.left - before.left);
            return dtls_bytes_equal(label, block->label) && block->text.len > 0;
        }
        if (body.left == before.left && dtls_bytes_have_u8(line, ':')) {
            block->encrypted = block->encrypted || is_text(line, "Proc-Type: 4,ENCRYPTED");
            body = *file;
        }
    }
    return false;
}

bool dtls_pem_next(struct dtls_reader *file, struct dtls_pem_block *block)
{
    struct dtls_pem_block found = { 0 };

    do {
        if (!dtls_reader_has_more(file))
            return false;
    } while (!read_boundary(read_line(file), "-----BEGIN ", &found.label));
    if (!read_body(file, &found)) {
        dtls_reader_break(file);
        return false;
    }
    *block = found;
    return true;
}

bool dtls_pem_is(const struct dtls_pem_block *block, const char *label)
{
    return is_text(block->label, label);
}

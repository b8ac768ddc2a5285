/* hex_file.c - finds one datagram in the text: section headings "A. ...", datagram headings "[...] port N -> port M
 * UDP payload L bytes", indented hex lines below; indented "# ..." lines are remarks. */
#include "tests/hex_file.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static size_t add_hex(const char *text, uint8_t *out, size_t len)
{
    unsigned byte;

    for (; isxdigit((unsigned char)text[0]) && isxdigit((unsigned char)text[1]); text += 2)
        if (len < HEX_FILE_MAX_DATAGRAM && sscanf(text, "%2x", &byte) == 1)
            out[len++] = (uint8_t)byte;
    return len;
}

size_t hex_file_datagram(char section, enum hex_file_sender sender, size_t index, uint8_t out[HEX_FILE_MAX_DATAGRAM])
{
    char line[400];
    char current = 0;
    unsigned client = 0, from = 0, stated = 0; /* ports, and the length in the heading */
    bool found = false;
    size_t len = 0;
    FILE *file = fopen(TESTS_DATA "/browser-hellos.txt", "r");

    if (file == NULL)
        return 0;
    while (fgets(line, sizeof line, file) != NULL) {
        if (found && line[0] != ' ')
            break;
        if (isupper((unsigned char)line[0]) && line[1] == '.') {
            current = line[0];
            client = 0;
        } else if (current == section &&
                   sscanf(line, "[%*[^]]] port %u -> port %*u UDP payload %u", &from, &stated) == 2) {
            client = client == 0 ? from : client;
            found = (from == client) == (sender == HEX_FILE_CLIENT) && index-- == 0;
        } else if (found) {
            len = add_hex(line + strspn(line, " "), out, len);
        }
    }
    fclose(file);
    return found && len == stated ? len : 0;
}

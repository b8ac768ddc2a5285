/* deadlines.h - the next deadline of many: a binary heap that knows where each member is. */
#ifndef DTLS_ENDPOINT_DEADLINES_H
#define DTLS_ENDPOINT_DEADLINES_H

#include "endpoint/member.h"

struct dtls_deadlines {
    struct dtls_member **heap; /* owned; the earliest first */
    size_t count, most;
};

/* DTLS_OK or DTLS_ERR_NO_MEMORY. */
int dtls_deadlines_init(struct dtls_deadlines *deadlines, const struct dtls_memory *memory, size_t most);
void dtls_deadlines_free(struct dtls_deadlines *deadlines, const struct dtls_memory *memory);

/* Puts it in, moves it, or takes it out (DTLS_NEVER). */
void dtls_deadlines_set(struct dtls_deadlines *deadlines, struct dtls_member *member, dtls_time deadline);

/* The earliest; NULL when there is none. */
struct dtls_member *dtls_deadlines_first(const struct dtls_deadlines *deadlines);

#endif

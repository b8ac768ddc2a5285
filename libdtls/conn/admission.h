/* admission.h - contract S3: what may be done with a record that was opened, by phase, epoch and content type. */
#ifndef DTLS_CONN_ADMISSION_H
#define DTLS_CONN_ADMISSION_H

#include <stdint.h>

enum dtls_phase {
    DTLS_PHASE_FIRST, /* the first handshake */
    DTLS_PHASE_OPEN,
    DTLS_PHASE_REHANDSHAKE, /* from its first fragment, or our own ClientHello, to its end */
    DTLS_PHASES
};

/* The record's epoch as this end sees it. Epoch 0 is CURRENT in the FIRST phase and unreadable ever after (S2). */
enum dtls_place {
    DTLS_PLACE_PREVIOUS,
    DTLS_PLACE_CURRENT,
    DTLS_PLACE_NEXT, /* its keys exist; sealed records that come before them are R5's business */
    DTLS_PLACES
};

enum dtls_admission {
    DTLS_DROP,
    DTLS_PROCESS, /* an alert, a handshake fragment or a heartbeat has its effect */
    DTLS_DELIVER, /* application data goes to the application */
    DTLS_HOLD,    /* and waits for Finished, unless R5 lets it pass */
};

/* `type` is an enum dtls_content_type. */
enum dtls_admission dtls_admission(enum dtls_phase phase, enum dtls_place place, uint8_t type);

#endif

/* admission.c - the table of contract S3, whole. docs/rehandshake.md shows it; tests/behaviour/admission.c compares the
 * two, and each cell with what a connection does. */
#include "conn/admission.h"

#include "record/header.h"

enum { TYPES = DTLS_HEARTBEAT_RECORD - DTLS_CHANGE_CIPHER_SPEC + 1 };

/* ChangeCipherSpec says nothing that the epoch of the next record does not say better: it is never needed, and never
 * harms. Heartbeats have to wait until a handshake is over (RFC 6520, 3). */
static const uint8_t table[DTLS_PHASES][DTLS_PLACES][TYPES] = {
    /*                            CCS        alert         handshake     data          heartbeat */
    [DTLS_PHASE_FIRST] = {
        [DTLS_PLACE_PREVIOUS] = { DTLS_DROP, DTLS_DROP,    DTLS_DROP,    DTLS_DROP,    DTLS_DROP },
        [DTLS_PLACE_CURRENT] =  { DTLS_DROP, DTLS_PROCESS, DTLS_PROCESS, DTLS_DROP,    DTLS_DROP },
        [DTLS_PLACE_NEXT] =     { DTLS_DROP, DTLS_PROCESS, DTLS_PROCESS, DTLS_HOLD,    DTLS_DROP },
    },
    [DTLS_PHASE_OPEN] = {
        [DTLS_PLACE_PREVIOUS] = { DTLS_DROP, DTLS_PROCESS, DTLS_DROP,    DTLS_DELIVER, DTLS_DROP },
        [DTLS_PLACE_CURRENT] =  { DTLS_DROP, DTLS_PROCESS, DTLS_PROCESS, DTLS_DELIVER, DTLS_PROCESS },
        [DTLS_PLACE_NEXT] =     { DTLS_DROP, DTLS_DROP,    DTLS_DROP,    DTLS_DROP,    DTLS_DROP },
    },
    [DTLS_PHASE_REHANDSHAKE] = {
        [DTLS_PLACE_PREVIOUS] = { DTLS_DROP, DTLS_PROCESS, DTLS_DROP,    DTLS_DELIVER, DTLS_DROP },
        [DTLS_PLACE_CURRENT] =  { DTLS_DROP, DTLS_PROCESS, DTLS_PROCESS, DTLS_DELIVER, DTLS_DROP },
        [DTLS_PLACE_NEXT] =     { DTLS_DROP, DTLS_PROCESS, DTLS_PROCESS, DTLS_HOLD,    DTLS_DROP },
    },
};

enum dtls_admission dtls_admission(enum dtls_phase phase, enum dtls_place place, uint8_t type)
{
    return (enum dtls_admission)table[phase][place][type - DTLS_CHANGE_CIPHER_SPEC];
}

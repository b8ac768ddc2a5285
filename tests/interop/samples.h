/* samples.h - what stands around a sample of C in a document (samples_test.sh): what the rest of its program has. */
#include <dtls/dtls.h>
#include <dtls/ev.h>
#include <dtls/pkix.h>
#include <dtls/srtp.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef SAMPLE_OF_STATEMENTS
extern struct dtls_config config;
extern struct dtls_identity *identity;
extern struct dtls_event event;
extern dtls_time now;
extern const char *chain;
extern size_t chain_len;
extern int fd;
#else
/* docs/identity.md: a database, and a thread that has a token */
struct task {
    struct dtls_pkix_key *key;
    struct dtls_question *question;
    uint16_t scheme;
    uint8_t digest[64], signature[DTLS_SIGNATURE_LARGEST];
    size_t digest_len, len;
    char reason[DTLS_REASON_MAX];
    int result;
};
dtls_time now(void);
void begin_query(void *database, struct dtls_bytes identity, struct dtls_question *question);
void queue_put(void *queue, struct dtls_question *question, uint16_t scheme, struct dtls_bytes digest);
void wake_loop(struct task *task);
#endif

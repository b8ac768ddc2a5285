/* samples.h - what stands around a sample of C in a document (samples_test.sh): the variables that it knows. */
#include <dtls/dtls.h>
#include <dtls/ev.h>
#include <dtls/pkix.h>
#include <dtls/srtp.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

extern struct dtls_config config;
extern struct dtls_identity *identity;
extern struct dtls_event event;
extern dtls_time now;
extern const char *chain;
extern size_t chain_len;
extern int fd;

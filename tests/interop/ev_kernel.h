/* ev_kernel.h - the system calls of libdtls-ev come through here. What a test does not make the kernel say, the real
 * one says. */
#ifndef DTLS_TESTS_EV_KERNEL_H
#define DTLS_TESTS_EV_KERNEL_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>

#include <linux/errqueue.h>

/* All zeroes is the real kernel; the last line counts calls. */
struct ev_kernel {
    size_t packet;     /* larger ones are refused; 0: none */
    bool silent;       /* it does not tell the path's MTU */
    bool old;          /* it knows no option */
    int segment_error; /* for many datagrams in one message */
    unsigned takes;    /* messages until its buffer is full; 0: never */
    size_t firewall;   /* datagrams of this length are not let through (EPERM); 0: all are */
    int send_error;    /* to be reported by the next call that sends */
    int receive_error; /* ... that receives */
    bool has_word;     /* the error queue has this: */
    struct sockaddr_in to;
    struct sock_extended_err word;
    bool fragments; /* allowed now */
    unsigned sent, messages, received, read_errors, set, asked, in_fragments;
};

extern struct ev_kernel kernel;

#endif

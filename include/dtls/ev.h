/* ev.h - libdtls-ev: a UDP socket and libev timers around the engine. Link with libdtls-ev.
 *
 * All calls and callbacks of one loop happen on that loop's thread. Every function below, the _free ones included,
 * may be called from any callback. */
#ifndef DTLS_EV_H
#define DTLS_EV_H

#include <ev.h>
#include <sys/socket.h>

#include "dtls/dtls.h"

#ifdef __cplusplus
extern "C" {
#endif

/*
 * The path (contract M4). Nothing is fragmented: don't-fragment is set, over IPv4 and IPv6. Where the kernel refuses a
 * datagram for its size, or ICMP says that a router has, the engine is told how many bytes the kernel believes to fit
 * on the path to that peer: a flight leaves again, cut smaller, and event MTU comes with a smaller
 * dtls_conn_max_payload. What was taken before that was known, in the same turn of the loop, leaves in fragments rather
 * than get lost. Never below 548 bytes, whatever is said: where the kernel takes even those for too large, what is so
 * small may be fragmented after all. Any other ICMP (nobody listens, no route) is noise: time alone ends a
 * handshake. None of this costs a record a system call, but on a path of less than 548 bytes two. Where the system
 * cannot do it, all else works.
 */

/* One association on a UDP socket: a client's own, or one of a server's many. */
struct dtls_ev_conn;

/* Called for every event (conn.h); views in it are valid during the call, but not once it has freed the connection.
 * After CLOSED or FAILED nothing more comes: a client's connection is then to be freed with dtls_ev_free; a server's is
 * freed by the server after the callback (unless the callback has done it). */
typedef void dtls_ev_callback(void *arg, struct dtls_ev_conn *conn, const struct dtls_event *event);

/*
 * A client: opens a non-blocking UDP socket connected to `address`, and starts the handshake. `session` may be NULL;
 * it is copied. `config` must outlive the connection. Returns DTLS_OK and *out (the caller's, to free), or:
 * DTLS_ERR_ARGUMENT (also for a session that the verifier refuses), DTLS_ERR_NO_MEMORY, DTLS_ERR_RANDOM; or
 * DTLS_EV_ERR_SYSTEM with the reason in errno; then *out is NULL, and no socket is left.
 */
DTLS_API int dtls_ev_connect(struct ev_loop *loop, const struct dtls_config *config, const struct sockaddr *address,
                             socklen_t address_len, const struct dtls_session *session, dtls_ev_callback *callback,
                             void *arg, struct dtls_ev_conn **out);

/* Frees; a live connection ends without close_notify (dtls_ev_close sends one). NULL is allowed. */
DTLS_API void dtls_ev_free(struct dtls_ev_conn *conn);

/* Sends close_notify. The callback gets CLOSED before this returns; from inside a callback, or dtls_ev_server_each,
 * after that (callbacks do not nest: a server's for all of its connections). A server's connection is gone then. */
DTLS_API void dtls_ev_close(struct dtls_ev_conn *conn);

/*
 * Seals one record and puts it among those that leave at the end of this turn of the loop, with as few system calls as
 * the kernel allows. As dtls_conn_send; with DTLS_ERR_LARGE_PACKET *fits (may be NULL) is the most that fits: nothing
 * has been sent, and the path may have become thinner with this very call (then event MTU comes, too). A record larger
 * than any before leaves at once, for that reason.
 * DTLS_EV_ERR_FULL: the socket's buffer is full, and this connection's share of what may wait for it (16 datagrams;
 * 128 KiB for all) is used up; nothing has happened. Send something newer later.
 */
DTLS_API int dtls_ev_send(struct dtls_ev_conn *conn, const uint8_t *data, size_t len, size_t *fits);

/* What waits on the socket of this association leaves now, not at the end of the turn. */
DTLS_API void dtls_ev_flush(struct dtls_ev_conn *conn);

/* As in conn.h, with its errors, then sends what that made ready and sets the timer again. */
DTLS_API int dtls_ev_rehandshake(struct dtls_ev_conn *conn, enum dtls_rehandshake_mode mode);
DTLS_API int dtls_ev_accept_rehandshake(struct dtls_ev_conn *conn);
DTLS_API int dtls_ev_refuse_rehandshake(struct dtls_ev_conn *conn);

/* Public-key work on another thread (conn.h, R17): take it in the callback, on event JOB (NULL: none waits); run it
 * anywhere; finish it on the loop's thread (an ev_async tells it that a worker is done), with the errors of
 * dtls_conn_finish_job: DTLS_OK, or a death, which the callback has been told as FAILED. If the connection is gone by
 * then, dtls_job_free. struct dtls_ev_jobs below does all of that. */
DTLS_API struct dtls_job *dtls_ev_take_job(struct dtls_ev_conn *conn);
DTLS_API int dtls_ev_finish_job(struct dtls_ev_conn *conn, struct dtls_job *job);

/* After an answer to a question (question.h), not in the callback that asks: the handshake of that client, or of that
 * association of a server, goes on. Others take no notice. */
DTLS_API void dtls_ev_go_on(struct dtls_ev_conn *conn);

/* The engine inside, for questions only (conn.h); never NULL, valid until _free. */
DTLS_API const struct dtls_conn *dtls_ev_engine(const struct dtls_ev_conn *conn);

/* The peer's address and its length; never NULL, valid until _free. */
DTLS_API const struct sockaddr *dtls_ev_peer(const struct dtls_ev_conn *conn, socklen_t *len);

/* What a socket has done: a client's own, or that of a server, for all of its associations. */
struct dtls_ev_stats {
    uint64_t datagrams_sent, send_calls;        /* taken by the system; and how many calls that has needed */
    uint64_t datagrams_received, receive_calls; /* got from it; and the calls, those that got nothing included */
    uint64_t blocked;                           /* times that its buffer was full; what waited left later */
    uint64_t lost_full;                         /* datagrams that the network device had no room for */
    uint64_t lost_refused;                      /* and that the kernel would not send: a firewall, no route */
    uint64_t unsegmented; /* times that it would not take many as one: they left one by one. After EIO, always */
};

/* A copy of them. */
DTLS_API void dtls_ev_stats(const struct dtls_ev_conn *conn, struct dtls_ev_stats *out);

/* The application's own pointer, NULL at first. */
DTLS_API void dtls_ev_set_data(struct dtls_ev_conn *conn, void *data);
DTLS_API void *dtls_ev_data(const struct dtls_ev_conn *conn);

/* The loop's time as the engine wants it: microseconds of CLOCK_MONOTONIC. */
DTLS_API dtls_time dtls_ev_now(void);

/* What makes of it microseconds since 1970, for dtls_config.unix_time_offset_us: to be asked once in a process. */
DTLS_API uint64_t dtls_ev_unix_time_offset(void);

/* A few threads that do the public-key work of one loop's associations (public_key_jobs, contract R17). */
struct dtls_ev_jobs;

/*
 * Starts `threads` threads (1 to 64), in which all signals are blocked. DTLS_OK and *out, the caller's, to free before
 * the loop is destroyed; it alone keeps no loop running. Or: DTLS_ERR_ARGUMENT, DTLS_ERR_NO_MEMORY, DTLS_EV_ERR_SYSTEM
 * with errno (no thread); then *out is NULL.
 */
DTLS_API int dtls_ev_jobs_new(struct ev_loop *loop, unsigned threads, struct dtls_ev_jobs **out);

/*
 * Takes the job that waits, to be called on event JOB; all the rest follows by itself, and the connection may be freed
 * at any time. At most one job of a connection waits for a thread. (Without memory the job is done here and now.) The
 * configuration, with its identity and its functions, must outlive the job; `allocate` and `release` are called on the
 * loop's thread only, `random` in all. DTLS_OK; DTLS_ERR_ARGUMENT when no job waits, or for another loop's connection.
 */
DTLS_API int dtls_ev_jobs_run(struct dtls_ev_jobs *jobs, struct dtls_ev_conn *conn);

/* Is a job out of a connection, gone or not, that was made with this configuration? */
DTLS_API bool dtls_ev_jobs_has_config(const struct dtls_ev_jobs *jobs, const struct dtls_config *config);

/* Waits for the jobs that are being done, which takes milliseconds, and frees them and the rest. A handshake whose job
 * was out goes no further: its connection is to be freed, or closed, too. NULL is allowed. */
DTLS_API void dtls_ev_jobs_free(struct dtls_ev_jobs *jobs);

/* Many associations on one socket. */
struct dtls_ev_server;

/* How a server listens. All zeroes are the defaults. */
struct dtls_ev_server_settings {
    struct dtls_endpoint_settings limits; /* endpoint.h; `most` is 1,048,576 at most. Addresses in it are 4 bytes of
                                             IPv4 and the port, or 16 of IPv6, 4 of scope and the port, in network
                                             order but for the scope; a source is an IPv4 address, or 8 bytes of IPv6 */
    bool share_port; /* other servers of this user may have the same address, if they all say so (SO_REUSEPORT): each on
                        a loop and thread of its own. The kernel spreads the peers by address and port, and keeps to it
                        as long as no server comes or goes: then associations lose theirs, so begin them all before the
                        first client. Ticket keys may be shared, a session cache may not (config.h) */
};

/*
 * Binds a non-blocking UDP socket to `address` (port 0: any; see dtls_ev_server_address) and serves. `settings` are
 * copied; NULL: the defaults. `config` must outlive the server, and every association that it is given to (see
 * dtls_ev_server_set_config). Unknown addresses go through the stateless hello first. Every association's events go to
 * `callback`. Errors as in dtls_ev_connect.
 */
DTLS_API int dtls_ev_listen(struct ev_loop *loop, const struct dtls_config *config, const struct sockaddr *address,
                            socklen_t address_len, const struct dtls_ev_server_settings *settings,
                            dtls_ev_callback *callback, void *arg, struct dtls_ev_server **out);

/*
 * New associations use `config` from now on. Those that are there keep the one that they began with, and with it their
 * credential (contract R9), so that one must outlive them. DTLS_ERR_ARGUMENT, and nothing has changed, when
 * dtls_config_problem has something to say.
 */
DTLS_API int dtls_ev_server_set_config(struct dtls_ev_server *server, const struct dtls_config *config);

/* Is `config` in use: the one for new associations, or that of one that is there? When it is not, and no job either
 * (dtls_ev_jobs_has_config), it may be freed, with its identity. Looks at every association. */
DTLS_API bool dtls_ev_server_has_config(const struct dtls_ev_server *server, const struct dtls_config *config);

/* The address the socket is bound to. Returns 0, or -1 with errno. */
DTLS_API int dtls_ev_server_address(const struct dtls_ev_server *server, struct sockaddr *address, socklen_t *len);

/* As dtls_ev_go_on, for whichever of its associations has been answered: one in its first handshake is nobody's yet. */
DTLS_API void dtls_ev_server_go_on(struct dtls_ev_server *server);

/* Its endpoint, for questions only (endpoint.h); never NULL, valid until _free. And what its socket has done. */
DTLS_API const struct dtls_endpoint *dtls_ev_server_endpoint(const struct dtls_ev_server *server);
DTLS_API void dtls_ev_server_stats(const struct dtls_ev_server *server, struct dtls_ev_stats *out);

/* How many associations there are now. */
DTLS_API size_t dtls_ev_server_count(const struct dtls_ev_server *server);

/* Calls `visit` for every association; it may close or free the one it is given, or all of the server. What comes of
 * that is told when all have been visited. */
DTLS_API void dtls_ev_server_each(struct dtls_ev_server *server, void (*visit)(void *arg, struct dtls_ev_conn *conn),
                                  void *arg);

/* Frees the server and every association, without close_notify (close each first). NULL is allowed. */
DTLS_API void dtls_ev_server_free(struct dtls_ev_server *server);

/*
 * ---- media and STUN on the same port (RFC 7983, mux.h) ----
 *
 * A datagram that is not DTLS goes to `other`, if there is one (NULL, as at first: it is dropped), whoever has sent it:
 * on a client's socket that is its peer, on a server's anybody. It may be changed where it lies, and is gone when
 * `other` returns. What may be done in a callback may be done there.
 */
typedef void dtls_ev_other(void *arg, const struct sockaddr *from, socklen_t from_len, uint8_t *datagram, size_t len);

/* Sets it, of a client or of a server; `arg` is its first argument. */
DTLS_API void dtls_ev_set_other(struct dtls_ev_conn *conn, dtls_ev_other *other, void *arg);
DTLS_API void dtls_ev_server_set_other(struct dtls_ev_server *server, dtls_ev_other *other, void *arg);

/* Puts such a datagram among those that leave at the end of this turn, as dtls_ev_send does: to the peer of an
 * association; or from a server's socket to anybody. DTLS_ERR_LARGE_PACKET: more than 1,472 bytes; DTLS_EV_ERR_FULL;
 * DTLS_ERR_ARGUMENT (`to`). What the path does not take is fragmented. */
DTLS_API int dtls_ev_send_other(struct dtls_ev_conn *conn, const uint8_t *datagram, size_t len);
DTLS_API int dtls_ev_server_send_other(struct dtls_ev_server *server, const struct sockaddr *to, socklen_t to_len,
                                       const uint8_t *datagram, size_t len);

/* As in conn.h: an authentic SRTP or SRTCP packet with the keys of `epoch` has come. */
DTLS_API int dtls_ev_media_confirmed(struct dtls_ev_conn *conn, uint16_t epoch);

/* The association at an address: of its packets other than DTLS, too. NULL: there is none that the callback knows of.
 */
DTLS_API struct dtls_ev_conn *dtls_ev_server_find(struct dtls_ev_server *server, const struct sockaddr *from,
                                                  socklen_t from_len);

#ifdef __cplusplus
}
#endif

#endif

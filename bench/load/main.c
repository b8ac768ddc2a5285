/* main.c - thousands of clients against one DTLS server: handshakes, records and rehandshakes, counted and timed.
 * Usage: --help. */
#include <stdint.h>

#include "apps/complain.h"
#include "apps/files.h"
#include "bench/load/choices.h"
#include "bench/load/fleet.h"

static void configure(const struct choices *choices, struct dtls_config *config)
{
    struct files_why why;

    settings_configure(&choices->common, DTLS_CLIENT, config);
    if (choices->common.cert != NULL) {
        config->identity = files_identity(choices->common.cert, choices->common.key, &why);
        if (config->identity == NULL)
            refuse("%s", why.words);
    }
    const char *problem = dtls_config_problem(config, DTLS_CLIENT);
    if (problem != NULL)
        refuse("%s", problem);
}

static uint64_t record_interval_us(const struct choices *choices)
{
    return choices->records > 0 ? (uint64_t)(1e6 * choices->bursts / choices->records) : 0;
}

int main(int argc, char **argv)
{
    static struct choices choices;
    static struct tally tally;
    struct dtls_config config;
    struct fleet fleet;

    complain_as("load");
    choices_read(&choices, argc, argv);
    configure(&choices, &config);
    struct client_plan plan = {
        .config = &config,
        .server = &choices.server,
        .record_every_us = record_interval_us(&choices),
        .burst = choices.bursts,
        .size = choices.common.flow_size,
        .rehandshake_every_us = (uint64_t)(choices.common.rehandshake_every_s * 1e6),
        .modes = &choices.common.rehandshake,
        .wants_session = choices.resume,
        .tally = &tally,
    };
    tally.clients = choices.clients;
    fleet_init(&fleet, choices.clients, &plan);
    fleet_connect(&fleet, &choices);
    fleet_load(&fleet, (uint64_t)(choices.seconds * 1e6));
    fleet_settle(&fleet);
    fleet_close(&fleet);
    if (choices.common.json)
        tally_print_json(&tally);
    else
        tally_print(&tally);
    fleet_free(&fleet);
    dtls_session_free(plan.session);
    dtls_identity_free((struct dtls_identity *)(uintptr_t)config.identity);
    return tally.failed > 0 ? EXIT_CONNECTION : EXIT_FINE;
}

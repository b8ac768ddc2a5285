/* forge_icmp.c - what anybody could send who has seen two addresses and ports: word that a UDP datagram was too big, or
 * that nobody listens. Needs root.
 *
 *     forge_icmp MTU FROM PORT TO PORT       `mtu` 0: nobody listens at TO. FROM is whom it is sent to. */
#define _DEFAULT_SOURCE /* struct icmphdr */
#include <arpa/inet.h>
#include <netinet/icmp6.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <netinet/ip_icmp.h>
#include <netinet/udp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct datagram { /* the one that it is about */
    const char *from, *to;
    struct udphdr udp;
};

static uint16_t checksum(const uint8_t *at, size_t len)
{
    uint32_t sum = 0;

    for (size_t i = 0; i < len; i++)
        sum += i % 2 == 0 ? (uint32_t)at[i] << 8 : at[i];
    while (sum >> 16 != 0)
        sum = (sum & 0xffff) + (sum >> 16);
    return htons((uint16_t)~sum);
}

static bool forge_v4(const struct datagram *about, uint16_t mtu)
{
    struct {
        struct icmphdr icmp;
        struct iphdr ip;
        struct udphdr udp;
    } forged = { .icmp = { .type = ICMP_DEST_UNREACH, .code = mtu > 0 ? ICMP_FRAG_NEEDED : ICMP_PORT_UNREACH },
                 .ip = { .version = 4, .ihl = 5, .tot_len = htons(1000), .ttl = 60, .protocol = IPPROTO_UDP },
                 .udp = about->udp };
    struct sockaddr_in to = { .sin_family = AF_INET };

    forged.icmp.un.frag.mtu = htons(mtu);
    if (inet_pton(AF_INET, about->from, &forged.ip.saddr) != 1 || inet_pton(AF_INET, about->to, &forged.ip.daddr) != 1)
        return false;
    forged.icmp.checksum = checksum((const uint8_t *)&forged, sizeof forged);
    to.sin_addr.s_addr = forged.ip.saddr;
    return sendto(socket(AF_INET, SOCK_RAW, IPPROTO_ICMP), &forged, sizeof forged, 0, (struct sockaddr *)&to,
                  sizeof to) == sizeof forged;
}

static bool forge_v6(const struct datagram *about, uint16_t mtu) /* the kernel makes the checksum */
{
    struct {
        struct icmp6_hdr icmp;
        struct ip6_hdr ip;
        struct udphdr udp;
    } forged = { .icmp = { .icmp6_type = ICMP6_PACKET_TOO_BIG }, .udp = about->udp };
    struct sockaddr_in6 to = { .sin6_family = AF_INET6 };

    forged.icmp.icmp6_mtu = htonl(mtu);
    if (mtu == 0) {
        forged.icmp.icmp6_type = ICMP6_DST_UNREACH;
        forged.icmp.icmp6_code = ICMP6_DST_UNREACH_NOPORT;
    }
    forged.ip.ip6_flow = htonl(6u << 28);
    forged.ip.ip6_plen = htons(960);
    forged.ip.ip6_nxt = IPPROTO_UDP;
    forged.ip.ip6_hlim = 60;
    if (inet_pton(AF_INET6, about->from, &forged.ip.ip6_src) != 1 ||
        inet_pton(AF_INET6, about->to, &forged.ip.ip6_dst) != 1)
        return false;
    to.sin6_addr = forged.ip.ip6_src;
    return sendto(socket(AF_INET6, SOCK_RAW, IPPROTO_ICMPV6), &forged, sizeof forged, 0, (struct sockaddr *)&to,
                  sizeof to) == sizeof forged;
}

int main(int argc, char **argv)
{
    if (argc != 6)
        return 2;
    struct datagram about = { .from = argv[2], .to = argv[4] };
    about.udp.uh_sport = htons((uint16_t)atoi(argv[3]));
    about.udp.uh_dport = htons((uint16_t)atoi(argv[5]));
    about.udp.uh_ulen = htons(960);
    uint16_t mtu = (uint16_t)atoi(argv[1]);
    if (strchr(about.from, ':') != NULL ? forge_v6(&about, mtu) : forge_v4(&about, mtu))
        return 0;
    perror("forge_icmp");
    return 1;
}

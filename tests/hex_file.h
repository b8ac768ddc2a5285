/* hex_file.h - the datagrams of tests/data/browser-hellos.txt: what browsers and their peers really sent. */
#ifndef DTLS_TESTS_HEX_FILE_H
#define DTLS_TESTS_HEX_FILE_H

#include <stddef.h>
#include <stdint.h>

/* The client of a section is who sent its first datagram. */
enum hex_file_sender { HEX_FILE_CLIENT, HEX_FILE_SERVER };

enum { HEX_FILE_MAX_DATAGRAM = 2048 };

/*
 * Copies datagram `index` (from 0) that `sender` sent in `section`, the letter of its heading, and returns its length;
 * 0 when there is none (or the file is damaged). First ClientHellos: A, B, E (Chromium) and F (Firefox) in their first
 * two client datagrams, C (Chromium without post-quantum keys), D and G (OpenSSL) in their first.
 */
size_t hex_file_datagram(char section, enum hex_file_sender sender, size_t index, uint8_t out[HEX_FILE_MAX_DATAGRAM]);

#endif

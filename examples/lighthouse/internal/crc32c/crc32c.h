#ifndef LIGHTHOUSE_CRC32C_H
#define LIGHTHOUSE_CRC32C_H

#include <stddef.h>
#include <stdint.h>

/* The CRC-32C of length bytes from data on; data may be NULL where length is 0. */
uint32_t lighthouse_crc32c(const uint8_t *data, size_t length);

#endif

/* Messages (CBOR) from values that are known at run time only, and values out of messages that came.
 * Build one from its outside in: a map of two entries is message_map(&m, 2) and then key, value, key, value. The order of the
 * keys does not matter; the kernel puts them in theirs. What does not fit sets `overflow`, and nothing is written beyond the room. */
#ifndef CARTWHEEL_MESSAGES_H
#define CARTWHEEL_MESSAGES_H

#include <stdint.h>

enum { MESSAGE_UINT, MESSAGE_NINT, MESSAGE_BYTES, MESSAGE_TEXT, MESSAGE_ARRAY, MESSAGE_MAP, MESSAGE_TAG, MESSAGE_SIMPLE };

typedef struct { uint8_t *room; uint32_t size, len; int overflow; } message_writer;

static inline message_writer message_begin(uint8_t *room, uint32_t size) {
    message_writer m = { room, size, 0, 0 };
    return m;
}

static inline void message_put(message_writer *m, const void *bytes, uint32_t len) {
    const uint8_t *from = (const uint8_t *)bytes;
    if (m->overflow || len > m->size - m->len) { m->overflow = 1; return; }
    for (uint32_t i = 0; i < len; i++) m->room[m->len++] = from[i];
}

/* What comes, and its number, count or length, in the shortest form. */
static inline void message_head(message_writer *m, unsigned kind, uint64_t value) {
    uint8_t head[9];
    unsigned info = value < 24 ? 0 : value < 0x100 ? 1 : value < 0x10000 ? 2 : value < 0x100000000u ? 3 : 4;
    unsigned width = info == 0 ? 0 : 1u << (info - 1);
    head[0] = (uint8_t)(kind << 5 | (info == 0 ? value : 23 + info));
    for (unsigned i = 0; i < width; i++) head[1 + i] = (uint8_t)(value >> (8 * (width - 1 - i)));
    message_put(m, head, 1 + width);
}

static inline void message_map(message_writer *m, uint32_t entries) { message_head(m, MESSAGE_MAP, entries); }
static inline void message_array(message_writer *m, uint32_t elements) { message_head(m, MESSAGE_ARRAY, elements); }

static inline void message_int(message_writer *m, int64_t value) {
    if (value < 0) message_head(m, MESSAGE_NINT, ~(uint64_t)value);
    else message_head(m, MESSAGE_UINT, (uint64_t)value);
}

static inline void message_bytes(message_writer *m, const void *bytes, uint32_t len) {
    message_head(m, MESSAGE_BYTES, len);
    message_put(m, bytes, len);
}

static inline void message_text(message_writer *m, const char *text) {
    uint32_t len = 0;
    while (text[len]) len++;
    message_head(m, MESSAGE_TEXT, len);
    message_put(m, text, len);
}

static inline void message_null(message_writer *m) { message_put(m, "\xf6", 1); }
static inline void message_bool(message_writer *m, int value) { message_put(m, value ? "\xf5" : "\xf4", 1); }

/* An item of a message that came. `at` is 0 if there is none. */
typedef struct { const uint8_t *at, *end; } message_item;

/* What comes, its number, count or length, and where it goes on; 0 if the item ends early. */
static inline const uint8_t *message_open(message_item item, unsigned *kind, uint64_t *value) {
    const uint8_t *at = item.at;
    if (at == 0 || at == item.end) return 0;
    *kind = *at >> 5;
    *value = *at++ & 31;
    if (*value >= 24) {
        if (*value > 27) return 0;
        unsigned width = 1u << (*value - 24);
        if ((uint32_t)(item.end - at) < width) return 0;
        *value = 0;
        for (unsigned i = 0; i < width; i++) *value = *value << 8 | *at++;
    }
    if ((*kind == MESSAGE_BYTES || *kind == MESSAGE_TEXT) && *value > (uint64_t)(item.end - at)) return 0;
    return at;
}

/* The item behind this one. */
static inline message_item message_next(message_item item) {
    uint64_t left = 1;
    while (left > 0 && item.at != 0) {
        unsigned kind = 0;
        uint64_t value = 0;
        item.at = message_open(item, &kind, &value);
        left--;
        if (item.at == 0) break;
        if (kind == MESSAGE_BYTES || kind == MESSAGE_TEXT) item.at += value;
        if (kind == MESSAGE_ARRAY) left += value;
        if (kind == MESSAGE_MAP) left += 2 * value;
        if (kind == MESSAGE_TAG) left++;
    }
    return item;
}

/* The value of a map for a text. */
static inline message_item message_find(message_item map, const char *key) {
    message_item none = { 0, 0 };
    unsigned kind = 0;
    uint64_t entries = 0, len = 0;
    map.at = message_open(map, &kind, &entries);
    if (map.at == 0 || kind != MESSAGE_MAP) return none;
    while (entries-- > 0 && map.at != 0) {
        const uint8_t *text = message_open(map, &kind, &len);
        uint64_t i = 0;
        if (text != 0 && kind == MESSAGE_TEXT) {
            while (i < len && key[i] && (uint8_t)key[i] == text[i]) i++;
            if (i == len && !key[i]) return message_next(map);
        }
        map = message_next(message_next(map));
    }
    return none;
}

/* An integer, or `otherwise`. */
static inline int64_t message_get_int(message_item item, int64_t otherwise) {
    unsigned kind = 0;
    uint64_t value = 0;
    if (message_open(item, &kind, &value) == 0 || value > INT64_MAX) return otherwise;
    return kind == MESSAGE_UINT ? (int64_t)value : kind == MESSAGE_NINT ? -1 - (int64_t)value : otherwise;
}

/* The bytes of a text or byte string and their number; 0 if it is neither. */
static inline const uint8_t *message_get_bytes(message_item item, uint32_t *len) {
    unsigned kind = 0;
    uint64_t value = 0;
    const uint8_t *at = message_open(item, &kind, &value);
    if (at == 0 || (kind != MESSAGE_BYTES && kind != MESSAGE_TEXT)) return 0;
    *len = (uint32_t)value;
    return at;
}

#endif

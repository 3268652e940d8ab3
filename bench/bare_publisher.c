/* The raw limit: publishes COUNT persistent, mandatory messages from memory with at most WINDOW unconfirmed, and prints
 * seconds from the first publication to the last confirm, and its own CPU seconds.
 * SHAPE small: a message has a short id and no header; alike: a UUID and the header waybill-attempt, as the relay's
 * have (each property costs the broker, not the publisher). Usage: bare_publisher PORT EXCHANGE ROUTING_KEY COUNT
 * WINDOW BYTES SHAPE */

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>

#include "amqp_session.h"

enum { burst = 64 };

typedef struct {
  amqp_connection_state_t session;
  uint64_t published, lowest_open, open;
  bool alike;
  bool* confirmed; /* by delivery tag */
} publisher;

static void confirm(publisher* self, uint64_t tag, bool multiple) {
  const uint64_t first = multiple ? self->lowest_open : tag;
  for (uint64_t each = first; each <= tag; ++each) {
    if (!self->confirmed[each]) {
      self->confirmed[each] = true;
      --self->open;
    }
  }
  while (self->lowest_open <= self->published && self->confirmed[self->lowest_open]) ++self->lowest_open;
}

/* Takes every confirm that is there; waits for one when `wait`. */
static void take_confirms(publisher* self, bool wait) {
  for (;;) {
    struct timeval timeout = {wait ? 60 : 0, 0};
    amqp_frame_t frame;
    const int status = amqp_simple_wait_frame_noblock(self->session, &frame, &timeout);
    if (status == AMQP_STATUS_TIMEOUT && !wait) return;
    if (status != AMQP_STATUS_OK || frame.frame_type != AMQP_FRAME_METHOD ||
        frame.payload.method.id != AMQP_BASIC_ACK_METHOD) {
      fprintf(stderr, "waiting for a confirm failed: %s\n", amqp_error_string2(status));
      exit(1);
    }
    const amqp_basic_ack_t* ack = frame.payload.method.decoded;
    confirm(self, ack->delivery_tag, ack->multiple != 0);
    amqp_maybe_release_buffers(self->session);
    wait = false;
  }
}

static void cork(publisher* self, int on) {
  setsockopt(amqp_get_sockfd(self->session), IPPROTO_TCP, TCP_CORK, &on, sizeof on);
}

static void publish(publisher* self, const char* exchange, const char* key, amqp_bytes_t body) {
  char id[64];
  snprintf(id, sizeof id, self->alike ? "01890a5d-ac96-774b-bcce-%012llx" : "bare-%llu",
           (unsigned long long)++self->published);
  amqp_basic_properties_t properties;
  memset(&properties, 0, sizeof properties);
  properties._flags = AMQP_BASIC_DELIVERY_MODE_FLAG | AMQP_BASIC_MESSAGE_ID_FLAG;
  properties.delivery_mode = 2;
  properties.message_id = amqp_cstring_bytes(id);
  amqp_table_entry_t attempt = {.key = amqp_cstring_bytes("waybill-attempt"), .value = {.kind = AMQP_FIELD_KIND_I32}};
  attempt.value.value.i32 = 1;
  if (self->alike) {
    properties._flags |= AMQP_BASIC_HEADERS_FLAG;
    properties.headers = (amqp_table_t){1, &attempt};
  }
  if (amqp_basic_publish(self->session, 1, amqp_cstring_bytes(exchange), amqp_cstring_bytes(key), 1, 0, &properties,
                         body) != AMQP_STATUS_OK) {
    fprintf(stderr, "publishing failed\n");
    exit(1);
  }
  ++self->open;
}

static void run(publisher* self, const char* exchange, const char* key, uint64_t count, uint64_t window,
                amqp_bytes_t body) {
  while (self->published < count || self->open > 0) {
    uint64_t room = window - self->open;
    if (room > burst) room = burst;
    if (room > count - self->published) room = count - self->published;
    cork(self, 1);
    for (; room > 0; --room) publish(self, exchange, key, body);
    cork(self, 0);
    take_confirms(self, self->open == window || self->published == count);
  }
}

int main(int argc, char** argv) {
  if (argc != 8) {
    fprintf(stderr, "usage: bare_publisher PORT EXCHANGE ROUTING_KEY COUNT WINDOW BYTES small|alike\n");
    return 2;
  }
  const uint64_t count = strtoull(argv[4], NULL, 10);
  const uint64_t window = strtoull(argv[5], NULL, 10);
  const size_t bytes = strtoull(argv[6], NULL, 10);
  publisher self = {.session = open_session(atoi(argv[1])), .lowest_open = 1, .alike = strcmp(argv[7], "alike") == 0};
  self.confirmed = calloc(count + 2, sizeof(bool));
  const amqp_bytes_t body = amqp_bytes_malloc(bytes);
  if (self.confirmed == NULL || body.bytes == NULL || window == 0) exit(1);
  memset(body.bytes, 'x', bytes);
  amqp_confirm_select(self.session, 1);
  expect_answer(self.session, "confirm.select");

  const double cpu = own_cpu_seconds();
  const int64_t began = now_ns();
  run(&self, argv[2], argv[3], count, window, body);
  printf("%.6f %.6f\n", (double)(now_ns() - began) / 1e9, own_cpu_seconds() - cpu);

  amqp_connection_close(self.session, AMQP_REPLY_SUCCESS);
  amqp_destroy_connection(self.session);
  amqp_bytes_free(body);
  free(self.confirmed);
  return 0;
}

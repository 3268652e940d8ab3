/* Consumes COUNT messages of a queue and prints, for each, its id and when it arrived (CLOCK_MONOTONIC, nanoseconds).
 * The times are kept in memory and printed at the end, so printing delays no arrival.
 * Usage: arrival_times PORT QUEUE COUNT */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "amqp_session.h"

enum { id_bytes = 64 };

typedef struct {
  char id[id_bytes];
  int64_t at;
} arrival;

static void take(amqp_connection_state_t session, arrival* next) {
  amqp_envelope_t envelope;
  amqp_maybe_release_buffers(session);
  const amqp_rpc_reply_t reply = amqp_consume_message(session, &envelope, NULL, 0);
  next->at = now_ns();
  if (reply.reply_type != AMQP_RESPONSE_NORMAL) {
    fprintf(stderr, "consuming failed\n");
    exit(1);
  }
  const amqp_bytes_t id = envelope.message.properties.message_id;
  const size_t length = id.len < id_bytes ? id.len : id_bytes - 1;
  memcpy(next->id, id.bytes, length);
  next->id[length] = '\0';
  amqp_basic_ack(session, 1, envelope.delivery_tag, 0);
  amqp_destroy_envelope(&envelope);
}

int main(int argc, char** argv) {
  if (argc != 4) {
    fprintf(stderr, "usage: arrival_times PORT QUEUE COUNT\n");
    return 2;
  }
  const size_t count = strtoull(argv[3], NULL, 10);
  arrival* arrivals = calloc(count, sizeof(arrival));
  if (arrivals == NULL) return 1;
  amqp_connection_state_t session = open_session(atoi(argv[1]));
  amqp_basic_qos(session, 1, 0, 1000, 0);
  amqp_basic_consume(session, 1, amqp_cstring_bytes(argv[2]), amqp_empty_bytes, 0, 0, 0, amqp_empty_table);
  expect_answer(session, "consuming");
  fprintf(stderr, "ready\n");
  for (size_t each = 0; each < count; ++each) take(session, &arrivals[each]);
  for (size_t each = 0; each < count; ++each) printf("%s %lld\n", arrivals[each].id, (long long)arrivals[each].at);
  amqp_destroy_connection(session);
  free(arrivals);
  return 0;
}

/* The raw limit of Kafka: produces COUNT messages from memory with at most WINDOW unconfirmed, idempotent and with
 * acks=all, and prints seconds from the first message to the last confirm, and its own CPU seconds.
 * SHAPE small: a message has neither key nor header; alike: the headers waybill-id and waybill-attempt, as the relay's.
 * Usage: bare_kafka_publisher SERVERS TOPIC COUNT WINDOW BYTES SHAPE */

#include <librdkafka/rdkafka.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

static uint64_t open_messages, refused;

static void on_report(rd_kafka_t* client, const rd_kafka_message_t* message, void* opaque) {
  (void)client;
  (void)opaque;
  --open_messages;
  if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR || rd_kafka_message_status(message) != RD_KAFKA_MSG_STATUS_PERSISTED) {
    ++refused;
  }
}

static double now(void) {
  struct timespec at;
  clock_gettime(CLOCK_MONOTONIC, &at);
  return (double)at.tv_sec + (double)at.tv_nsec / 1e9;
}

static double own_cpu_seconds(void) {
  struct rusage used;
  getrusage(RUSAGE_SELF, &used);
  return (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
         (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
}

static rd_kafka_t* open_client(const char* servers) {
  const char* settings[][2] = {{"bootstrap.servers", servers},
                               {"acks", "all"},
                               {"enable.idempotence", "true"},
                               {"linger.ms", "0"},
                               {"socket.nagle.disable", "true"}};
  char why[256];
  rd_kafka_conf_t* conf = rd_kafka_conf_new();
  for (size_t i = 0; i < sizeof settings / sizeof *settings; ++i) {
    if (rd_kafka_conf_set(conf, settings[i][0], settings[i][1], why, sizeof why) != RD_KAFKA_CONF_OK) {
      fprintf(stderr, "%s\n", why);
      exit(1);
    }
  }
  rd_kafka_conf_set_dr_msg_cb(conf, on_report);
  rd_kafka_t* client = rd_kafka_new(RD_KAFKA_PRODUCER, conf, why, sizeof why);
  if (client == NULL) {
    fprintf(stderr, "%s\n", why);
    exit(1);
  }
  return client;
}

static void publish(rd_kafka_t* client, const char* topic, void* payload, size_t bytes, uint64_t number, bool alike) {
  rd_kafka_headers_t* headers = alike ? rd_kafka_headers_new(2) : NULL;
  if (alike) {
    char id[64];
    snprintf(id, sizeof id, "01890a5d-ac96-774b-bcce-%012llx", (unsigned long long)number);
    rd_kafka_header_add(headers, "waybill-id", -1, id, -1);
    rd_kafka_header_add(headers, "waybill-attempt", -1, "1", -1);
  }
  const rd_kafka_vu_t record[] = {{.vtype = RD_KAFKA_VTYPE_TOPIC, .u.cstr = topic},
                                  {.vtype = RD_KAFKA_VTYPE_VALUE, .u.mem = {payload, bytes}},
                                  {.vtype = RD_KAFKA_VTYPE_HEADERS, .u.headers = headers}};
  rd_kafka_error_t* error = rd_kafka_produceva(client, record, sizeof record / sizeof record[0]);
  if (error != NULL) {
    fprintf(stderr, "producing failed: %s\n", rd_kafka_error_string(error));
    exit(1);
  }
  ++open_messages;
}

static void run(rd_kafka_t* client, const char* topic, uint64_t count, uint64_t window, size_t bytes, bool alike) {
  char* payload = malloc(bytes + 1);
  if (payload == NULL) exit(1);
  memset(payload, 'x', bytes);
  for (uint64_t published = 0; published < count || open_messages > 0;) {
    for (; published < count && open_messages < window; ++published) {
      publish(client, topic, payload, bytes, published, alike);
    }
    rd_kafka_poll(client, 1000);
  }
  free(payload);
}

int main(int argc, char** argv) {
  if (argc != 7) {
    fprintf(stderr, "usage: bare_kafka_publisher SERVERS TOPIC COUNT WINDOW BYTES small|alike\n");
    return 2;
  }
  rd_kafka_t* client = open_client(argv[1]);
  const bool alike = strcmp(argv[6], "alike") == 0;
  const size_t bytes = strtoull(argv[5], NULL, 10);
  run(client, argv[2], 1, 1, bytes, alike); /* connecting is not part of the limit */

  const double cpu = own_cpu_seconds();
  const double began = now();
  run(client, argv[2], strtoull(argv[3], NULL, 10) - 1, strtoull(argv[4], NULL, 10), bytes, alike);
  printf("%.6f %.6f\n", now() - began, own_cpu_seconds() - cpu);
  rd_kafka_destroy(client);
  return refused == 0 ? 0 : 1;
}

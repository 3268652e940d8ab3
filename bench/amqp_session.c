#include "amqp_session.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

enum { frame_max = 131072 };

static void expect_normal(amqp_rpc_reply_t reply, const char* doing) {
  if (reply.reply_type != AMQP_RESPONSE_NORMAL) {
    fprintf(stderr, "%s failed: %s\n", doing,
            reply.reply_type == AMQP_RESPONSE_LIBRARY_EXCEPTION ? amqp_error_string2(reply.library_error)
                                                                : "the broker closed the channel or connection");
    exit(1);
  }
}

void expect_answer(amqp_connection_state_t session, const char* doing) {
  expect_normal(amqp_get_rpc_reply(session), doing);
}

amqp_connection_state_t open_session(int port) {
  amqp_connection_state_t session = amqp_new_connection();
  amqp_socket_t* socket = amqp_tcp_socket_new(session);
  if (socket == NULL || amqp_socket_open(socket, "127.0.0.1", port) != AMQP_STATUS_OK) {
    fprintf(stderr, "no broker on 127.0.0.1:%d\n", port);
    exit(1);
  }
  expect_normal(amqp_login(session, "/", 0, frame_max, 0, AMQP_SASL_METHOD_PLAIN, "guest", "guest"), "login");
  amqp_channel_open(session, 1);
  expect_answer(session, "opening a channel");
  return session;
}

int64_t now_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

double own_cpu_seconds(void) {
  struct rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
         (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

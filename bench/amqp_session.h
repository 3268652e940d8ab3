#pragma once

/* One connection and channel of rabbitmq-c for the benchmarks; every failure ends the program with a message. */

#include <amqp.h>
#include <amqp_tcp_socket.h>
#include <stdint.h>

/* Connects to amqp://guest:guest@127.0.0.1:PORT/ and opens channel 1. */
amqp_connection_state_t open_session(int port);

/* Ends the program unless the last answer was a normal one; `doing` says what failed. */
void expect_answer(amqp_connection_state_t session, const char* doing);

/* CLOCK_MONOTONIC in nanoseconds: the same clock for all processes of one machine. */
int64_t now_ns(void);

/* CPU seconds of this process, in user and system mode. */
double own_cpu_seconds(void);

#include "admin/child.hpp"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <system_error>
#include <utility>

namespace waybill::admin {
namespace {

constexpr std::size_t most_complaint = 500;

/// A file descriptor that closes itself.
class File {
 public:
  explicit File(int number = -1) : number_(number) {}
  File(File&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  File& operator=(File&& other) noexcept {
    std::swap(number_, other.number_);
    return *this;
  }
  ~File() {
    if (number_ >= 0) close(number_);
  }
  int number() const { return number_; }

 private:
  int number_;
};

std::string words_of(int error) { return std::generic_category().message(error); }

Error system_error(const std::string& doing) { return {ErrorCode::internal, doing + ": " + words_of(errno)}; }

/// What the program reads. A file and no pipe: nobody has to write while it reads, and it may open it again by name.
Result<File> file_of(std::string_view input) {
  File file(memfd_create("payload", MFD_CLOEXEC));
  if (file.number() < 0) return system_error("can't make a file for a program's input");
  while (!input.empty()) {
    const auto written = write(file.number(), input.data(), input.size());
    if (written < 0 && errno != EINTR) return system_error("can't write a program's input");
    if (written > 0) input.remove_prefix(static_cast<std::size_t>(written));
  }
  lseek(file.number(), 0, SEEK_SET);
  return file;
}

/// One of its outputs.
class Output {
 public:
  static Result<Output> open() {
    std::array<int, 2> ends{};
    if (pipe2(ends.data(), O_CLOEXEC) != 0) return system_error("can't make a pipe for a program's output");
    Output output;
    output.ours_ = File(ends[0]);
    output.its_ = File(ends[1]);
    fcntl(ends[0], F_SETFL, O_NONBLOCK);
    return output;
  }

  int ours() const { return ended_ ? -1 : ours_.number(); }
  int its() const { return its_.number(); }
  void close_its() { its_ = File(); }
  const std::string& text() const { return text_; }

  /// All that the pipe can hold at a time. Keeps no more than `most` bytes and one, which tells that there are more.
  void read_on(std::size_t most) {
    if (ended_) return;
    std::array<char, std::size_t{64} * 1024> bytes;
    const auto count = read(ours_.number(), bytes.data(), bytes.size());
    if (count < 0) return;
    ended_ = count == 0;
    text_.append(bytes.data(), static_cast<std::size_t>(count));
    if (text_.size() > most) text_.resize(most + 1);
  }

 private:
  File ours_, its_;
  bool ended_ = false;
  std::string text_;
};

/// How a program is begun: with three files, nothing of our signals, and a process group that can be killed as one.
class Start {
 public:
  Start(int in, int out, int err) {
    posix_spawn_file_actions_init(&files_);
    posix_spawn_file_actions_adddup2(&files_, in, STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&files_, out, STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&files_, err, STDERR_FILENO);
    posix_spawn_file_actions_addclosefrom_np(&files_, STDERR_FILENO + 1);  // what a library left open
    posix_spawnattr_init(&attributes_);
    sigset_t none;
    sigset_t all;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawnattr_setsigmask(&attributes_, &none);
    posix_spawnattr_setsigdefault(&attributes_, &all);
    posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  }
  Start(const Start&) = delete;
  Start& operator=(const Start&) = delete;
  ~Start() {
    posix_spawn_file_actions_destroy(&files_);
    posix_spawnattr_destroy(&attributes_);
  }

  Result<pid_t> run(std::vector<std::string> command) const {
    std::vector<char*> arguments;
    for (auto& argument : command) arguments.push_back(argument.data());
    arguments.push_back(nullptr);
    std::string path = "PATH=/usr/local/bin:/usr/bin:/bin";
    std::string language = "LANG=C.UTF-8";
    std::array<char*, 3> environment{path.data(), language.data(), nullptr};
    pid_t child = 0;
    const int error =
        posix_spawn(&child, command.front().c_str(), &files_, &attributes_, arguments.data(), environment.data());
    if (error != 0) return Error(ErrorCode::refused, "can't run " + command.front() + ": " + words_of(error));
    return child;
  }

 private:
  posix_spawn_file_actions_t files_{};
  posix_spawnattr_t attributes_{};
};

/// Reads until it has ended; false when its time was up before. What a process that it left behind holds open is not
/// waited for.
bool read_until_end(int ended, Output& out, std::size_t most, Output& err, Deadline deadline) {
  while (true) {
    std::array<pollfd, 3> ready{{{ended, POLLIN, 0}, {out.ours(), POLLIN, 0}, {err.ours(), POLLIN, 0}}};
    poll(ready.data(), ready.size(), deadline.poll_timeout());
    out.read_on(most);
    err.read_on(most_complaint);
    if (ready[0].revents != 0) return true;
    if (deadline.passed() || out.text().size() > most) return false;
  }
}

int status_of(pid_t child) {
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) continue;
  return status;
}

Error failure(const std::string& program, int status, const std::string& complaint) {
  std::string text = program;
  text += WIFSIGNALED(status) ? " was ended by signal " + std::to_string(WTERMSIG(status))
                              : " ended with " + std::to_string(WEXITSTATUS(status));
  if (!complaint.empty()) text += ": " + complaint.substr(0, most_complaint);
  return {ErrorCode::refused, text};
}

}  // namespace

Result<std::string> ask_child(const std::vector<std::string>& command, std::string_view input,
                              const ChildLimits& limits) {
  const auto in = file_of(input);
  if (!in) return in.error();
  auto out = Output::open();
  if (!out) return out.error();
  auto err = Output::open();
  if (!err) return err.error();
  const auto child = Start(in->number(), out->its(), err->its()).run(command);
  if (!child) return child.error();
  out->close_its();
  err->close_its();
  // The C library names it without saying that it is C.
  const File ended(static_cast<int>(syscall(SYS_pidfd_open, *child, 0)));
  const bool in_time =
      ended.number() >= 0 && read_until_end(ended.number(), *out, limits.output, *err, Deadline::after(limits.time));
  kill(-*child, SIGKILL);  // also what it left behind
  const int status = status_of(*child);
  const auto& program = command.front();
  if (out->text().size() > limits.output) {
    return Error(ErrorCode::refused, program + " writes more than " + std::to_string(limits.output) + " bytes");
  }
  if (!in_time) return Error(ErrorCode::timeout, program + " did not end in time");
  if (status != 0) return failure(program, status, err->text());
  return out->text();
}

}  // namespace waybill::admin

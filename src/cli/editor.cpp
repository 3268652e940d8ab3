#include "cli/editor.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "admin/edit.hpp"

namespace waybill::cli {
namespace {

/// A file of our own that nobody else may read; gone with the object.
class Draft {
 public:
  static Result<Draft> with(const std::string& content) {
    std::string path = std::filesystem::temp_directory_path() / "waybill-edit-XXXXXX";
    const int file = mkstemp(path.data());
    if (file < 0) return Error(ErrorCode::disk_full, std::string("can't make a file to edit: ") + std::strerror(errno));
    close(file);
    Draft draft(path);
    std::ofstream out(path, std::ios::binary);
    out << content;
    out.close();
    if (!out) return Error(ErrorCode::disk_full, "can't write '" + path + "'");
    return draft;
  }

  explicit Draft(std::string path) : path_(std::move(path)) {}
  Draft(Draft&& other) noexcept : path_(std::exchange(other.path_, {})) {}
  Draft(const Draft&) = delete;
  Draft& operator=(const Draft&) = delete;
  Draft& operator=(Draft&&) = delete;
  ~Draft() {
    if (!path_.empty()) unlink(path_.c_str());
  }

  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

std::string editor() {
  for (const char* name : {"VISUAL", "EDITOR"}) {
    const char* value = std::getenv(name);
    if (value != nullptr && *value != '\0') return value;
  }
  return "vi";
}

/// As other programs do it, through the shell: the variable may hold options. True when it ended well.
bool run_editor(const std::string& path) {
  const pid_t child = fork();
  if (child == 0) {
    const auto command = editor() + " \"$1\"";
    execl("/bin/sh", "sh", "-c", command.c_str(), "editor", path.c_str(), nullptr);
    _exit(127);
  }
  int status = 0;
  while (child > 0 && waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return child > 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/// The payload as the person left it; empty when nothing is to be sent.
std::optional<std::string> edited(const std::string& payload, std::uint64_t limit) {
  const auto draft = Draft::with(payload);
  if (!draft) {
    complain(draft.error().message());
    return std::nullopt;
  }
  if (!run_editor(draft->path())) {
    complain("the editor '" + editor() + "' ended with an error; nothing was sent");
    return std::nullopt;
  }
  auto text = read_input(draft->path(), limit);
  if (!text) {
    complain(text.error().message());
    return std::nullopt;
  }
  // Editors end a text with a newline that nobody typed.
  if (!payload.ends_with('\n') && text->ends_with('\n')) text->pop_back();
  if (*text != payload) return std::move(*text);
  complain("nothing was changed, so nothing was sent");
  return std::nullopt;
}

}  // namespace

void edit_and_resend(const Session& session, const Opened& opened, const store::Troubled& failed) {
  const auto payload = edited(failed.message.payload, opened.store->config().max_payload + 1);
  if (!payload) return;
  admin::Edit edit;
  edit.id = failed.message.id.str();
  edit.payload = *payload;
  edit.who = operator_name();
  edit.from = "command line";
  edit.why = ask("Reason, kept with the message (empty: leave it): ").value_or("");
  if (edit.why.empty()) return;
  if (!confirmed_by_person(session, false, "send '" + edit.id + "' as a new message, and drop it?")) return;
  const auto sent = admin::send_edited(*opened.store, *opened.config, edit);
  if (sent) {
    session.print("sent as " + sent->str() + "\n");
  } else {
    fail(sent.error());
  }
}

}  // namespace waybill::cli

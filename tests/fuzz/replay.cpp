// Plays a corpus and mutations of it, the same ones each time. Usage: NAME_fuzz FOLDER

#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

constexpr int mutations = 4000;
constexpr std::size_t longest = 1U << 16;

std::vector<std::string> read_all(const std::filesystem::path& folder) {
  std::vector<std::string> inputs;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    std::ifstream file(entry.path(), std::ios::binary);
    inputs.emplace_back(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
  }
  return inputs;
}

void play(const std::string& input) {
  LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(input.data()), input.size());
}

std::size_t below(std::mt19937_64& random, std::size_t limit) {
  return std::uniform_int_distribution<std::size_t>{0, limit - 1}(random);
}

// Sets a byte, cuts a piece out, repeats one, or continues with another input's end.
void mutate(std::string& input, const std::vector<std::string>& others, std::mt19937_64& random) {
  const std::size_t at = below(random, input.size() + 1);
  switch (below(random, 4)) {
    case 0:
      if (at < input.size()) input[at] = static_cast<char>(below(random, 256));
      break;
    case 1:
      input.erase(at, below(random, 16));
      break;
    case 2:
      input.insert(at, input.substr(at, below(random, 64)));
      break;
    default: {
      const std::string& other = others[below(random, others.size())];
      input.replace(at, std::string::npos, other.substr(below(random, other.size() + 1)));
    }
  }
  if (input.size() > longest) input.resize(longest);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: %s FOLDER\n", argv[0]);
    return 2;
  }
  const auto inputs = read_all(argv[1]);
  if (inputs.empty()) {
    std::fprintf(stderr, "%s: no inputs in %s\n", argv[0], argv[1]);
    return 1;
  }
  std::mt19937_64 random{1};
  for (const auto& input : inputs) {
    play(input);
    std::string changed = input;
    for (int i = 0; i < mutations; ++i) {
      if (i % 8 == 0) changed = input;
      mutate(changed, inputs, random);
      play(changed);
    }
  }
  return 0;
}

#include <tapegrad/train/detail/run_settings.hpp>

#include <zlib.h>

#include <fmt/format.h>

namespace tapegrad::detail {

namespace {

template <class T>
unsigned long crc_of(unsigned long sum, const T* first, std::size_t count) {
  return crc32_z(sum, reinterpret_cast<const Bytef*>(first), count * sizeof(T));
}

std::string words_of(const data::Dataset& dataset) {
  unsigned long sum = crc_of(crc32_z(0, nullptr, 0), dataset.inputs.data(), dataset.inputs.size());
  sum = crc_of(sum, dataset.labels.data(), dataset.labels.size());
  return fmt::format("{} samples {}, {} classes, CRC-32 {:08x}", dataset.size(),
                     to_string(dataset.sample_shape()), dataset.classes, sum);
}

}  // namespace

std::map<std::string, std::string> settings_of(const train::Run& run) {
  const train::Options& options = run.options;
  std::map<std::string, std::string> settings = options.checkpoints.settings;
  const auto set = [&](const char* name, std::string words) {
    settings["fit." + std::string(name)] = std::move(words);
  };
  set("data", words_of(run.dataset));
  set("validation", options.validation == nullptr ? "none" : words_of(*options.validation));
  set("batch_size", fmt::format("{}", options.batch_size));
  set("seed", fmt::format("{}", options.seed));
  set("precision", options.precision == f32 ? "f32" : "f64");
  const data::Augmentation& augmentation = options.augmentation;
  set("augmentation", fmt::format("flip {}, padding {}, noise {}", augmentation.flip,
                                  augmentation.padding, augmentation.noise));
  const train::EarlyStopping& stopping = options.early_stopping;
  set("early_stopping",
      fmt::format("patience {}, watch {}, min_delta {}, restore_best {}", stopping.patience,
                  stopping.watch == train::Watch::accuracy ? "accuracy" : "loss",
                  stopping.min_delta, stopping.restore_best));
  for (const auto& [name, value] : run.optimizer.state_dict()) {
    if (name.compare(0, 7, "groups.") != 0) continue;
    set(("optimizer." + name).c_str(), fmt::format("{}", value.value()()));
  }
  return settings;
}

}  // namespace tapegrad::detail

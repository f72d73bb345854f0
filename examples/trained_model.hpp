// What `train --save` leaves behind and `predict` reads: a folder with `model.json`, which says how
// the network is built and what its inputs and classes are, `preprocessing.safetensors`, what is
// done to inputs, and `weights.safetensors`.
#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>
#include <tapegrad/tapegrad.hpp>

/// A classifier with what is done to its inputs before.
struct TrainedModel {
  tapegrad::nn::Architecture architecture;
  std::vector<std::string> classes;  ///< Their names, in the order of the scores.
  tapegrad::data::Preprocessing preprocessing;
  tapegrad::nn::Sequential network;

  /// Writes the folder, which is made if it is missing.
  void save(const std::string& folder) const {
    using namespace tapegrad;
    std::error_code error;
    std::filesystem::create_directories(folder, error);
    if (error) {
      throw FileError("[train] needs a folder to save the model in, got '" + folder +
                      "': " + error.message());
    }
    data::save_safetensors(folder + "/preprocessing.safetensors", preprocessing.state_dict());
    data::save_safetensors(folder + "/weights.safetensors", nn::state_dict(network));
    const Shape& input = architecture.input();
    const nlohmann::json description = {{"pattern", architecture.pattern()},
                                        {"input", std::vector(input.begin(), input.end())},
                                        {"classes", classes}};
    std::ofstream file(folder + "/model.json");
    // Names of classes are names of folders, which need not be UTF-8.
    file << description.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) << '\n';
    if (!file.flush()) throw FileError("[train] could not write '" + folder + "/model.json'");
  }

  /// Reads such a folder.
  static TrainedModel load(const std::string& folder) {
    using namespace tapegrad;
    const std::string path = folder + "/model.json";
    std::ifstream file(path);
    if (!file) {
      throw FileError("[predict] needs a folder that `train --save` has written, got '" + folder +
                      "' without model.json");
    }
    try {
      const nlohmann::json description = nlohmann::json::parse(file);
      Shape input;
      for (const std::int64_t size : description.at("input")) input.push_back(size);
      nn::Architecture architecture(description.at("pattern").get<std::string>(), input);
      TrainedModel model{architecture, description.at("classes"), {}, architecture.build()};
      model.preprocessing.load_state_dict(
          data::load_safetensors(folder + "/preprocessing.safetensors"));
      nn::load_state_dict(model.network, data::load_safetensors(folder + "/weights.safetensors"));
      model.network.eval();
      return model;
    } catch (const nlohmann::json::exception& error) {
      throw FileError("[predict] cannot read '" + path + "': " + error.what());
    }
  }
};

// What a run recorded as tables, JSON Lines and TensorBoard event files (MISSION T4–T7).

#include <tapegrad/train/metrics.hpp>

#include <cmath>
#include <cstring>
#include <limits>
#include <map>
#include <string_view>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <tapegrad/train/detail/event_file.hpp>

#include "support/expect.hpp"
#include "support/files.hpp"

namespace tapegrad::testing {
namespace {

using train::History;

constexpr double nan_number = std::numeric_limits<double>::quiet_NaN();

/// Two epochs of two steps; the last loss is no number, and the second epoch has no validation.
History small_history() {
  History history;
  history.name = "small";
  history.settings = {{"optimizer", "SGD"}, {"learning rate", "0.5"}};
  history.classes = 2;
  history.class_names = {"no", "yes"};
  history.samples = 4;
  history.validation_samples = 3;
  history.start = {{"0.weight", {2, 3}, 0, 0, 2, false, false, 0.75}};
  history.steps = {{0, 0, 1.5, 0.25, 0.5},
                   {0, 1, 1.25, 0.25, 0.5},
                   {1, 2, 1, 0, 0.25},
                   {1, 3, nan_number, 0, 0.25}};
  train::EpochRecord epoch;
  epoch.loss = 1.375;
  epoch.penalty = 0.25;
  epoch.accuracy = 0.5;
  epoch.learning_rate = 0.5;
  epoch.seconds = 6;
  epoch.steps = 2;
  epoch.observed = 1;
  epoch.validation_loss = 1.75;
  epoch.validation_accuracy = 2.0 / 4;
  epoch.parameters = {{"0.weight", {2, 3}, 0.001, 0.5, 2.5, true, true, 0.5}};
  epoch.layers = {{"1", "ReLU, leaky", 8, {-1, 3, {1, 2, 3, 4}, 0.5, 2}, {}, 0.25, 0}};
  history.epochs = {epoch, epoch};
  history.epochs[1].epoch = 1;
  history.epochs[1].complete = false;
  history.epochs[1].validation_loss = history.epochs[1].validation_accuracy = std::nullopt;
  history.confusion = {1, 0, 1, 1};
  history.best_epoch = 0;
  return history;
}

TEST(MetricsCsv, StepsAreARowEach) {
  EXPECT_EQ(train::steps_csv(small_history()),
            "epoch,step,loss,penalty,learning_rate\n"
            "0,0,1.5,0.25,0.5\n"
            "0,1,1.25,0.25,0.5\n"
            "1,2,1,0,0.25\n"
            "1,3,nan,0,0.25\n");
}

TEST(MetricsCsv, WhatWasNotMeasuredIsEmpty) {
  EXPECT_EQ(train::epochs_csv(small_history()),
            "epoch,complete,steps,observed,loss,penalty,accuracy,validation_loss,"
            "validation_accuracy,learning_rate,seconds\n"
            "0,1,2,1,1.375,0.25,0.5,1.75,0.5,0.5,6\n"
            "1,0,2,1,1.375,0.25,0.5,,,0.5,6\n");
}

TEST(MetricsCsv, ParametersBeginWithTheirStart) {
  EXPECT_EQ(train::parameters_csv(small_history()),
            "epoch,name,shape,update_ratio,gradient_norm,weight_norm,reached,received_gradient,"
            "unit_spread\n"
            "-1,0.weight,2x3,0,0,2,0,0,0.75\n"
            "0,0.weight,2x3,0.001,0.5,2.5,1,1,0.5\n"
            "1,0.weight,2x3,0.001,0.5,2.5,1,1,0.5\n");
}

TEST(MetricsCsv, LayersWithoutNumbersHaveEmptyFields) {
  EXPECT_EQ(train::layers_csv(small_history()),
            "epoch,name,kind,units,dead_share,saturated_share,activation_low,activation_high,"
            "activation_mean,activation_standard_deviation,gradient_low,gradient_high,"
            "gradient_mean,gradient_standard_deviation\n"
            "0,1,\"ReLU, leaky\",8,0.25,0,-1,3,0.5,2,,,,\n"
            "1,1,\"ReLU, leaky\",8,0.25,0,-1,3,0.5,2,,,,\n");
}

TEST(MetricsJsonl, LinesStandInTheOrderOfTheirTime) {
  const std::string lines = train::metrics_jsonl(small_history());
  std::istringstream stream(lines);
  std::vector<nlohmann::json> parsed;
  for (std::string line; std::getline(stream, line);) parsed.push_back(nlohmann::json::parse(line));
  std::vector<std::string> types;
  types.reserve(parsed.size());
  for (const nlohmann::json& line : parsed) types.push_back(line.at("type"));
  EXPECT_EQ(types, (std::vector<std::string>{"run", "step", "step", "epoch", "step", "step",
                                             "epoch", "end"}));
  EXPECT_EQ(parsed[0].at("settings").at("learning rate"), "0.5");
  EXPECT_EQ(parsed[1].at("loss"), 1.5);
  EXPECT_EQ(parsed[3].at("validation_accuracy"), 0.5);
  EXPECT_EQ(parsed[3].at("parameters").at(0).at("shape"), (std::vector<int>{2, 3}));
  EXPECT_EQ(parsed[3].at("layers").at(0).at("activations").at("counts"),
            (std::vector<int>{1, 2, 3, 4}));
  EXPECT_TRUE(parsed[3].at("layers").at(0).at("gradients").is_null());
  EXPECT_TRUE(parsed[5].at("loss").is_null());
  EXPECT_TRUE(parsed[6].at("validation_loss").is_null());
  EXPECT_EQ(parsed[7].at("best_epoch"), 0);
  EXPECT_TRUE(parsed[7].at("error").is_null());
}

TEST(MetricsJsonl, NamesThatAreNoTextAreReplaced) {
  History history;
  history.name = "\xFF";
  const std::string lines = train::metrics_jsonl(history);
  const auto run = nlohmann::json::parse(lines.substr(0, lines.find('\n')));
  EXPECT_EQ(run.at("name"), "\xEF\xBF\xBD");  // U+FFFD, the replacement character.
}

// --- Event files --------------------------------------------------------------------------------

/// CRC-32C bit by bit.
std::uint32_t slow_crc32c(std::string_view bytes) {
  std::uint32_t rest = 0xFFFFFFFFU;
  for (const char c : bytes) {
    for (unsigned bit = 0; bit < 8; ++bit) {
      const std::uint32_t feedback =
          (rest & 1U) ^ (static_cast<unsigned>(static_cast<unsigned char>(c)) >> bit & 1U);
      rest >>= 1U;
      if (feedback != 0) rest ^= 0x82F63B78U;
    }
  }
  return ~rest;
}

template <class Number>
Number take(std::string_view& bytes) {
  if (bytes.size() < sizeof(Number)) throw std::runtime_error("the bytes end too early");
  Number number;
  std::memcpy(&number, bytes.data(), sizeof(number));
  bytes.remove_prefix(sizeof(number));
  return number;
}

std::uint64_t take_varint(std::string_view& bytes) {
  std::uint64_t number = 0;
  for (unsigned shift = 0;; shift += 7) {
    const auto byte = take<unsigned char>(bytes);
    number |= static_cast<std::uint64_t>(byte & 0x7FU) << shift;
    if (byte < 0x80U) return number;
  }
}

std::string_view take_bytes(std::string_view& bytes, std::uint64_t count) {
  if (bytes.size() < count) throw std::runtime_error("the bytes end too early");
  const std::string_view taken = bytes.substr(0, count);
  bytes.remove_prefix(count);
  return taken;
}

/// A record's data, after a look at both checksums.
std::string_view take_record(std::string_view& bytes) {
  const auto unmasked = [](std::uint32_t masked) {
    const std::uint32_t rotated = masked - 0xA282EAD8U;
    return rotated >> 17U | rotated << 15U;
  };
  const std::string_view head = bytes.substr(0, 8);
  const auto length = take<std::uint64_t>(bytes);
  EXPECT_EQ(unmasked(take<std::uint32_t>(bytes)), slow_crc32c(head));
  const std::string_view data = take_bytes(bytes, length);
  EXPECT_EQ(unmasked(take<std::uint32_t>(bytes)), slow_crc32c(data));
  return data;
}

/// The fields of a message: numbers as bits, the others as bytes.
std::map<std::uint64_t, std::string> fields_of(std::string_view message) {
  std::map<std::uint64_t, std::string> fields;
  while (!message.empty()) {
    const std::uint64_t key = take_varint(message);
    std::string& field = fields[key >> 3U];
    if ((key & 7U) == 0) field = std::to_string(take_varint(message));
    if ((key & 7U) == 1) field = take_bytes(message, 8);
    if ((key & 7U) == 2) field = take_bytes(message, take_varint(message));
    if ((key & 7U) == 5) field = take_bytes(message, 4);
  }
  return fields;
}

template <class Number>
Number as(std::string_view bytes) {
  EXPECT_EQ(bytes.size(), sizeof(Number));
  return take<Number>(bytes);
}

std::vector<double> doubles(std::string_view bytes) {
  std::vector<double> numbers;
  while (!bytes.empty()) numbers.push_back(take<double>(bytes));
  return numbers;
}

TEST(EventFile, ChecksumsAreThoseOfTheStandard) {
  // RFC 3720, appendix B.4, and the check value of catalogues.
  EXPECT_EQ(train::detail::crc32c("123456789"), 0xE3069283U);
  EXPECT_EQ(train::detail::crc32c(std::string(32, '\0')), 0x8A9136AAU);
  EXPECT_EQ(train::detail::crc32c(std::string(32, '\xFF')), 0x62A8AB43U);
  EXPECT_EQ(train::detail::crc32c(""), 0U);
}

TEST(EventFile, BytesAreThoseWorkedOutByHand) {
  // Two events written by a program of its own in Python, with bitwise checksums: the version, at
  // 1.5 s, and `a` = 0.5 at step 300, at 2 s.
  using train::detail::Message;
  const std::string version(
      "\x18\x00\x00\x00\x00\x00\x00\x00\xA3\x7F\x4B\x22\x09\x00\x00\x00\x00\x00\x00\xF8\x3F\x1A"
      "\x0D\x62\x72\x61\x69\x6E\x2E\x45\x76\x65\x6E\x74\x3A\x32\x2A\x28\x64\x6C",
      40);
  const std::string scalar(
      "\x18\x00\x00\x00\x00\x00\x00\x00\xA3\x7F\x4B\x22\x09\x00\x00\x00\x00\x00\x00\x00\x40\x10"
      "\xAC\x02\x2A\x0A\x0A\x08\x0A\x01\x61\x15\x00\x00\x00\x3F\xD1\x50\xDE\xB2",
      40);
  EXPECT_EQ(train::tensorboard_events(History{}, 1.5), version);
  const Message value = Message().text(1, "a").single(2, 0.5F);
  const Message event =
      Message().real(1, 2).integer(2, 300).text(5, Message().text(1, value.bytes()).bytes());
  EXPECT_EQ(train::detail::record(event.bytes()), scalar);
}

TEST(EventFile, HoldsScalarsAndHistogramsAtTheirSteps) {
  const std::string bytes = train::tensorboard_events(small_history(), 1000);
  std::string_view rest = bytes;
  EXPECT_EQ(fields_of(take_record(rest)).at(3), "brain.Event:2");
  // Tag and step of everything, and when it was.
  std::map<std::pair<std::string, std::string>, std::map<std::uint64_t, std::string>> values;
  double time = 1000;
  while (!rest.empty()) {
    const auto event = fields_of(take_record(rest));
    EXPECT_GE(as<double>(event.at(1)), time);
    time = as<double>(event.at(1));
    const auto value = fields_of(fields_of(event.at(5)).at(1));
    EXPECT_TRUE(values.insert({{value.at(1), event.at(2)}, value}).second) << value.at(1);
  }
  EXPECT_EQ(time, 1012);
  const auto scalar = [&](const char* tag, const char* step) {
    return as<float>(values.at({tag, step}).at(2));
  };
  EXPECT_EQ(scalar("batch/loss", "1"), 1.25F);
  EXPECT_TRUE(std::isnan(scalar("batch/loss", "3")));
  EXPECT_EQ(scalar("batch/learning_rate", "2"), 0.25F);
  EXPECT_EQ(scalar("loss/training", "2"), 1.375F);
  EXPECT_EQ(scalar("loss/validation", "2"), 1.75F);
  EXPECT_EQ(values.count({"loss/validation", "4"}), 0U);
  EXPECT_EQ(scalar("update_ratio/0.weight", "4"), 0.001F);
  EXPECT_EQ(scalar("dead_share/1", "2"), 0.25F);
  EXPECT_EQ(values.count({"gradients/1", "2"}), 0U);
  // From -1 to 3 in four intervals: 10 numbers with mean 0.5 and deviation 2.
  auto histogram = fields_of(values.at({"activations/1", "2"}).at(5));
  EXPECT_EQ(as<double>(histogram.at(1)), -1);
  EXPECT_EQ(as<double>(histogram.at(2)), 3);
  EXPECT_EQ(as<double>(histogram.at(3)), 10);
  EXPECT_EQ(as<double>(histogram.at(4)), 5);
  EXPECT_EQ(as<double>(histogram.at(5)), 42.5);
  EXPECT_EQ(doubles(histogram.at(6)), (std::vector<double>{0, 1, 2, 3}));
  EXPECT_EQ(doubles(histogram.at(7)), (std::vector<double>{1, 2, 3, 4}));
}

TEST(SaveMetrics, WritesAllFormatsIntoAFolder) {
  const TempFolder folder;
  const std::string path = folder.path("runs/small");
  train::save_metrics(small_history(), path);
  EXPECT_EQ(content_of(path + "/steps.csv"), train::steps_csv(small_history()));
  EXPECT_EQ(content_of(path + "/epochs.csv"), train::epochs_csv(small_history()));
  EXPECT_EQ(content_of(path + "/parameters.csv"), train::parameters_csv(small_history()));
  EXPECT_EQ(content_of(path + "/layers.csv"), train::layers_csv(small_history()));
  EXPECT_EQ(content_of(path + "/metrics.jsonl"), train::metrics_jsonl(small_history()));
  const std::string events = content_of(path + "/events.out.tfevents.tapegrad");
  EXPECT_EQ(events.size(), train::tensorboard_events(small_history(), 0).size());
  std::string_view rest = events;
  while (!rest.empty()) take_record(rest);
}

TEST(SaveMetrics, AFolderThatCannotBeMadeIsAnError) {
  const TempFolder folder;
  const std::string file = folder.write("file", "kept");
  EXPECT_THROW(train::save_metrics(small_history(), file + "/runs"), FileError);
  EXPECT_EQ(content_of(file), "kept");
}

}  // namespace
}  // namespace tapegrad::testing

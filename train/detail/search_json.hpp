#pragma once

#include <string>

#include <tapegrad/autograd/detail/file.hpp>
#include <tapegrad/train/search_results.hpp>

/// What the processes of a search write for each other, in JSON.
namespace tapegrad::detail {

/// Ranges, stages, seed and settings.
std::string to_json(const train::SearchOptions& options);
/// Title, ranges and stages of what to_json has written. Throws FileError.
train::SearchResults search_of_json(const std::string& json, const Origin& origin);
/// Which members of two such texts differ, with both values.
std::string search_differences(const std::string& theirs, const std::string& ours);

/// A record but for its path.
std::string to_json(const train::TrialRecord& record);
/// The record that to_json has written. Throws FileError.
train::TrialRecord record_of_json(const std::string& json, const Origin& origin);

}  // namespace tapegrad::detail

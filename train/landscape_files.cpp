// A landscape as a table, as JSON and as a page.

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <tapegrad/autograd/detail/page.hpp>
#include <tapegrad/train/detail/csv_field.hpp>
#include <tapegrad/train/detail/save.hpp>
#include <tapegrad/train/landscape.hpp>

namespace tapegrad::detail {

/// train/page/landscape.html.
extern const Page landscape_page;

}  // namespace tapegrad::detail

namespace tapegrad::train {

using detail::csv_field;

namespace {

void check_sizes(const Landscape& landscape) {
  const std::size_t rows = landscape.y.empty() ? 1 : landscape.y.size();
  if (landscape.x.size() >= 2 && (landscape.y.empty() || rows >= 2) &&
      landscape.losses.size() == landscape.x.size() * rows) {
    return;
  }
  throw ValueError(fmt::format(
      "[landscape] needs at least two points along each axis and a loss per point of the grid, got "
      "{} losses for {} x {}; loss_landscape computes them",
      landscape.losses.size(), landscape.x.size(), landscape.y.size()));
}

}  // namespace

std::string Landscape::csv() const {
  check_sizes(*this);
  const bool is_plane = !y.empty();
  std::string table = csv_field(x_label);
  if (is_plane) table += ',' + csv_field(y_label);
  table += paths.empty() ? ",loss\n" : ",loss,path\n";
  const auto add_row = [&](const LandscapePoint& point, const std::string& path) {
    table += fmt::format("{}", point.x);
    if (is_plane) table += fmt::format(",{}", point.y);
    table += fmt::format(",{}", point.loss);
    if (!paths.empty()) table += ',' + csv_field(path);
    table += '\n';
  };
  for (std::size_t point = 0; point < losses.size(); ++point) {
    const double at_y = is_plane ? y[point / x.size()] : 0.0;
    add_row({x[point % x.size()], at_y, losses[point]}, "");
  }
  for (const LandscapePath& path : paths) {
    for (const LandscapePoint& point : path.points) add_row(point, path.name);
  }
  return table;
}

std::string Landscape::json() const {
  check_sizes(*this);
  nlohmann::json written_paths = nlohmann::json::array();
  for (const LandscapePath& path : paths) {
    nlohmann::json points = nlohmann::json::array();
    for (const LandscapePoint& point : path.points) {
      points.push_back({{"x", point.x}, {"y", point.y}, {"loss", point.loss}});
    }
    written_paths.push_back({{"name", path.name}, {"points", std::move(points)}});
  }
  return nlohmann::json{{"title", title},
                        {"x_label", x_label},
                        {"y_label", y_label},
                        {"x", x},
                        {"y", y},
                        {"losses", losses},
                        {"paths", std::move(written_paths)},
                        {"logarithmic", logarithmic}}
      .dump();
}

std::string Landscape::html() const {
  return tapegrad::detail::page_with_data(tapegrad::detail::landscape_page, json(), "landscape",
                                          "ask for .csv or .json");
}

void Landscape::save(const std::string& path) const {
  detail::save(*this, path, "landscape");
}

}  // namespace tapegrad::train

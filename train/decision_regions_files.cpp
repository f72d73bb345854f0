// Decision regions as images, as tables, as JSON and as a page.

#include <algorithm>
#include <array>
#include <cmath>
#include <filesystem>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <tapegrad/autograd/detail/page.hpp>
#include <tapegrad/data/image.hpp>
#include <tapegrad/data/image_grid.hpp>
#include <tapegrad/train/decision_regions.hpp>
#include <tapegrad/train/detail/optional_json.hpp>
#include <tapegrad/train/detail/save.hpp>

namespace tapegrad::detail {

/// train/page/regions.html.
extern const Page regions_page;

}  // namespace tapegrad::detail

namespace tapegrad::train {

namespace {

constexpr const char* who = "decision_regions";

/// Red, green and blue, from 0 to 1.
using Color = std::array<float, 3>;

/// Colours that all kinds of eyes tell apart. Source: Okabe and Ito, Color Universal Design, 2008,
/// without black, the strongest ones first.
constexpr std::array<int, 7> palette = {0x0072b2, 0xe69f00, 0x009e73, 0xd55e00,
                                        0xcc79a7, 0x56b4e9, 0xf0e442};

Color color_of(int label) {
  const int rgb = palette[static_cast<std::size_t>(label) % palette.size()];
  return {static_cast<float>(rgb >> 16) / 255, static_cast<float>((rgb >> 8) & 255) / 255,
          static_cast<float>(rgb & 255) / 255};
}

/// How much of its colour a region has; the rest is white.
constexpr float region_strength = 0.42F;

void check(const DecisionRegions& regions) {
  const std::size_t cells = static_cast<std::size_t>(std::max(0, regions.rows)) *
                            static_cast<std::size_t>(std::max(0, regions.columns));
  const bool has_labels = cells > 0 && regions.labels.size() == cells &&
                          *std::min_element(regions.labels.begin(), regions.labels.end()) >= 0;
  if (!has_labels || !(regions.cell > 0)) {
    throw ValueError(
        fmt::format("[{}] needs a label of 0 or more for each of {} x {} cells, got "
                    "{}; decision_regions computes them",
                    who, regions.rows, regions.columns, regions.labels.size()));
  }
  regions.points.validate();
  if (regions.points.sample_shape() != Shape{2}) {
    throw ShapeError(fmt::format("[{}] needs points of the plane (N, 2), got samples of shape {}",
                                 who, to_string(regions.points.sample_shape())));
  }
}

/// Lays a colour over a pixel; `share` of it is covered.
void lay(Array<float>& image, std::size_t y, std::size_t x, const Color& color, float share) {
  for (std::size_t c = 0; c < 3; ++c) {
    image(c, y, x) += share * (color[c] - image(c, y, x));
  }
}

/// A disc whose rim has soft steps: a pixel is covered by as much as its middle lies inside.
void draw_disc(Array<float>& image, double centre_x, double centre_y, double radius,
               const Color& color) {
  const auto height = static_cast<double>(image.shape()[1]);
  const auto width = static_cast<double>(image.shape()[2]);
  const double top = std::max(0.0, std::floor(centre_y - radius - 1));
  const double left = std::max(0.0, std::floor(centre_x - radius - 1));
  for (double y = top; y < std::min(height, centre_y + radius + 1); ++y) {
    for (double x = left; x < std::min(width, centre_x + radius + 1); ++x) {
      const double inside = radius + 0.5 - std::hypot(x + 0.5 - centre_x, y + 0.5 - centre_y);
      lay(image, static_cast<std::size_t>(y), static_cast<std::size_t>(x), color,
          static_cast<float>(std::clamp(inside, 0.0, 1.0)));
    }
  }
}

/// Images side by side, white between and around them.
Array<float> side_by_side(const std::vector<Array<float>>& images) {
  std::size_t height = 0, width = 0;
  for (const Array<float>& image : images) {
    height = std::max(height, image.shape()[1]);
    width = std::max(width, image.shape()[2]);
  }
  Array<float> all = Array<float>::from_shape({images.size(), 3, height, width});
  all.fill(1);
  for (std::size_t i = 0; i < images.size(); ++i) {
    const std::size_t rows = images[i].shape()[1], columns = images[i].shape()[2];
    for (std::size_t row = 0; row < 3 * rows; ++row) {
      std::copy_n(images[i].data() + row * columns, columns, &all(i, row / rows, row % rows, 0));
    }
  }
  data::GridOptions options;
  options.columns = static_cast<std::int64_t>(images.size());
  options.gap = 12;
  options.background = 1;
  return data::image_grid(all, options);
}

/// Panels as detail::save wants what it saves.
struct Figures {
  const std::string& title;
  const std::vector<DecisionRegions>& panels;

  /// A row per cell: panel, x and y of its middle, label.
  std::string csv() const {
    std::string table = "panel,x,y,label\n";
    for (std::size_t panel = 0; panel < panels.size(); ++panel) {
      const DecisionRegions& regions = panels[panel];
      for (std::size_t i = 0; i < regions.labels.size(); ++i) {
        const int row = static_cast<int>(i) / regions.columns;
        const int column = static_cast<int>(i) % regions.columns;
        fmt::format_to(std::back_inserter(table), "{},{},{},{}\n", panel,
                       regions.left + (column + 0.5) * regions.cell,
                       regions.bottom + (row + 0.5) * regions.cell, regions.labels[i]);
      }
    }
    return table;
  }

  std::string json() const {
    nlohmann::json written = nlohmann::json::array();
    int classes = 0;
    for (const DecisionRegions& regions : panels) {
      nlohmann::json points = nlohmann::json::array();
      for (std::size_t i = 0; i < regions.points.size(); ++i) {
        points.push_back({{"x", regions.points.inputs(i, 0)},
                          {"y", regions.points.inputs(i, 1)},
                          {"label", regions.points.labels[i]}});
      }
      classes = std::max({classes, regions.points.classes,
                          1 + *std::max_element(regions.labels.begin(), regions.labels.end())});
      written.push_back({{"title", regions.title},
                         {"columns", regions.columns},
                         {"rows", regions.rows},
                         {"left", regions.left},
                         {"bottom", regions.bottom},
                         {"cell", regions.cell},
                         {"labels", regions.labels},
                         {"points", std::move(points)},
                         {"accuracy", regions.accuracy},
                         {"boundary", regions.boundary()}});
    }
    nlohmann::json names = nlohmann::json::array(), colors = nlohmann::json::array();
    const std::vector<std::string>& known = panels.front().points.class_names;
    for (int label = 0; label < classes; ++label) {
      const auto place = static_cast<std::size_t>(label);
      names.push_back(place < known.size() ? known[place] : fmt::format("class {}", label));
      colors.push_back(fmt::format("#{:06x}", palette[place % palette.size()]));
    }
    return detail::json_text({{"title", title},
                              {"class_names", std::move(names)},
                              {"colors", std::move(colors)},
                              {"strength", region_strength},
                              {"panels", std::move(written)}});
  }

  std::string html() const {
    return tapegrad::detail::page_with_data(tapegrad::detail::regions_page, json(), who,
                                            "ask for .png, .csv or .json");
  }
};

}  // namespace

Array<float> DecisionRegions::image(int scale) const {
  check(*this);
  if (scale < 1 || scale > 32) {
    throw ValueError(fmt::format("[{}] needs a scale from 1 to 32, got {}", who, scale));
  }
  const auto step = static_cast<std::size_t>(scale);
  const auto height = static_cast<std::size_t>(rows), width = static_cast<std::size_t>(columns);
  Array<float> picture = Array<float>::from_shape({3, height * step, width * step});
  picture.fill(1);
  for (std::size_t y = 0; y < height * step; ++y) {
    for (std::size_t x = 0; x < width * step; ++x) {
      // Images begin at the top.
      const int label = labels[(height - 1 - y / step) * width + x / step];
      lay(picture, y, x, color_of(label), region_strength);
    }
  }
  const double pixel = cell / scale;
  const double radius = std::max(2.0, static_cast<double>(std::max(height, width) * step) / 170);
  for (std::size_t i = 0; i < points.size(); ++i) {
    const double x = (static_cast<double>(points.inputs(i, 0)) - left) / pixel;
    const double y = static_cast<double>(height * step) -
                     (static_cast<double>(points.inputs(i, 1)) - bottom) / pixel;
    draw_disc(picture, x, y, radius + 1, {1, 1, 1});
    draw_disc(picture, x, y, radius, color_of(points.labels[i]));
  }
  return picture;
}

void save_regions(const std::string& path, const std::string& title,
                  const std::vector<DecisionRegions>& panels) {
  if (panels.empty()) {
    throw ValueError(fmt::format("[{}] needs at least one panel to draw, got none", who));
  }
  for (const DecisionRegions& regions : panels) check(regions);
  const std::string ending = std::filesystem::path(path).extension().string();
  if (ending != ".png") return detail::save(Figures{title, panels}, path, who);
  std::vector<Array<float>> images;
  images.reserve(panels.size());
  for (const DecisionRegions& regions : panels) images.push_back(regions.image());
  data::save_png(path, side_by_side(images));
}

}  // namespace tapegrad::train

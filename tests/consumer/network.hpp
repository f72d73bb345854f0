#pragma once

/// Trains a small network for some steps; true when its loss fell as it must.
bool network();

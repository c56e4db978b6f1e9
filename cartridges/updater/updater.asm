; A cartridge that updates itself. Every second it asks for the version after its own; `body.inc` has the rest.
.title "Updater 1" .author "Cartwheel" .version "1.0.0"

.const VERSION = 1
.const BACKGROUND = 0x1d3557
.data next_version: text "updates:updater2.cart"

.include "body.inc"

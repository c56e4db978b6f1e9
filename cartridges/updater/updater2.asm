; The version that `updater.asm` updates itself to. It asks for another one in turn.
.title "Updater 2" .author "Cartwheel" .version "2.0.0"

.const VERSION = 2
.const BACKGROUND = 0x2a6f4e
.data next_version: text "updates:updater3.cart"

.include "body.inc"

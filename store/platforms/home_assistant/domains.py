"""The names Home Assistant gives its parts."""

from __future__ import annotations

from typing import Final

SURE: Final = frozenset({
    "homeassistant", "default_config", "automation", "script", "scene", "lovelace", "recorder", "logbook",
    "input_boolean", "input_button", "input_datetime", "input_number", "input_select", "input_text", "binary_sensor",
    "shell_command", "command_line", "rest_command", "device_tracker", "media_player", "alarm_control_panel",
    "utility_meter", "panel_custom", "panel_iframe", "python_script", "system_log", "system_health", "zeroconf",
    "google_assistant", "emulated_hue", "homekit", "input_weekday", "media_extractor", "alert2", "browser_mod",
    "water_heater", "lawn_mower", "generic_thermostat", "panel_redirect", "hassio", "zha", "zwave_js", "knx",
    "adaptive_lighting", "powercalc", "nodered", "adaptive_light",
})  # fmt: skip
"""Keys that nothing else writes at the left edge of YAML."""

COMMON: Final = frozenset({
    "alert", "alexa", "api", "bluetooth", "button", "calendar", "camera", "climate", "cloud", "config", "conversation",
    "counter", "cover", "customize", "derivative", "dhcp", "downloader", "energy", "event", "fan", "ffmpeg", "filter",
    "folder_watcher", "frontend",
    "google", "group", "history", "history_stats", "html5", "http", "humidifier", "ifttt", "image",
    "influxdb", "integration", "intent", "intent_script", "ios", "ir", "light", "lock", "logger", "map", "matter",
    "min_max", "mobile_app", "modbus", "mqtt", "mqtt_statestream", "my", "network", "notify", "number", "persistent",
    "person", "plant", "prometheus", "proximity", "remote", "rest", "samba", "schedule", "season", "select", "sensor",
    "sentry", "siren", "smtp", "snmp", "spotify", "sql", "ssdp", "statistics", "stream", "sun", "switch", "tag",
    "telegram", "telegram_bot", "template", "text", "threshold", "timer", "tod", "todo", "trend", "tts", "twilio",
    "update", "usb", "vacuum", "valve", "wake_on_lan", "weather", "webhook", "weblink", "websocket_api", "wled",
    "workday", "zone", "zwave", "dashboard", "time_date", "bayesian", "panel", "var", "variables", "feedparser",
})  # fmt: skip
"""Keys that others may write too: they count together with another sign."""

OF_ESPHOME: Final = frozenset({
    "wifi", "ota", "substitutions", "esp32", "esp8266", "captive_portal", "web_server", "i2c", "uart", "spi", "output",
    "packages", "globals", "interval", "external_components", "dashboard_import", "improv_serial", "status_led",
})  # fmt: skip
"""Keys of ESPHome, whose users sort their files into packages too and keep secrets alike."""

HELPERS: Final = frozenset({
    "homeassistant", "default_config", "automation", "script", "scene", "frontend", "lovelace", "recorder", "logbook",
    "input_boolean", "input_button", "input_datetime", "input_number", "input_select", "input_text", "binary_sensor",
    "sensor", "light", "switch", "cover", "climate", "fan", "lock", "media_player", "camera", "notify", "tts", "group",
    "zone", "person", "counter", "timer", "schedule", "template", "history", "logger", "system_log", "system_health",
    "config", "map", "sun", "my", "api", "http", "zeroconf", "ssdp", "alert", "device_tracker", "alarm_control_panel",
    "shell_command", "command_line", "customize", "weather", "calendar", "panel_custom", "panel_iframe", "time",
    "time_pattern", "state", "numeric_state", "event", "homeassistant_start", "utility_meter", "derivative", "min_max",
    "threshold", "trend", "statistics", "filter", "history_stats", "bayesian", "tod", "integration", "time_date",
    "season", "workday", "energy", "websocket_api", "image", "button", "number", "select", "text", "vacuum", "siren",
    "valve", "update", "humidifier", "remote", "tag", "webhook", "conversation", "intent_script", "intent",
    "python_script",
    "persistent_notification", "generic_thermostat", "stream", "media_source", "device_automation", "dhcp", "usb",
})  # fmt: skip
"""What comes with Home Assistant and reaches nothing by itself."""

FILES: Final = frozenset({
    "configuration", "automations", "automation", "scripts", "script", "scenes", "scene", "groups", "group",
    "customize",
    "ui-lovelace", "known_devices",
})  # fmt: skip
"""Names of files, without their ending, that Home Assistant reads; and every name in `SURE`."""

FOLDERS: Final = (
    "automation",
    "script",
    "scene",
    "package",
    "integration",
    "blueprint",
    "homeassistant",
    "home-assistant",
    "dashboard",
    "lovelace",
)
"""Folders people sort their configuration into, with or without an `s`."""

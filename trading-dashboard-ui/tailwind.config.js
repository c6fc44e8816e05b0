/** Theme tokens. Each colour is a CSS variable of src/styles/themes.css, which holds its light and dark value. */
const token = (name) => `var(--${name})`;

/** @type {import("tailwindcss").Config} */
export default {
  content: ["./index.html", "./src/**/*.{ts,tsx}"],
  theme: {
    colors: {
      transparent: "transparent",
      current: "currentColor",
      canvas: token("canvas"),
      surface: token("surface"),
      raised: token("raised"),
      sunken: token("sunken"),
      line: token("line"),
      "line-strong": token("line-strong"),
      ink: token("ink"),
      "ink-soft": token("ink-soft"),
      accent: token("accent"),
      "accent-strong": token("accent-strong"),
      "on-accent": token("on-accent"),
      "accent-soft": token("accent-soft"),
      gain: token("gain"),
      loss: token("loss"),
      buy: token("buy"),
      "buy-soft": token("buy-soft"),
      sell: token("sell"),
      "sell-soft": token("sell-soft"),
      "on-side": token("on-side"),
      good: token("good"),
      "good-soft": token("good-soft"),
      warning: token("warning"),
      "warning-soft": token("warning-soft"),
      bad: token("bad"),
      "bad-strong": token("bad-strong"),
      "bad-soft": token("bad-soft"),
      "on-bad": token("on-bad"),
      unknown: token("unknown"),
      "unknown-soft": token("unknown-soft"),
      progress: token("progress"),
      "progress-soft": token("progress-soft"),
      neutral: token("neutral"),
      "neutral-soft": token("neutral-soft"),
      backdrop: token("backdrop"),
    },
    fontFamily: {
      sans: ["system-ui", "-apple-system", "Segoe UI", "Roboto", "Noto Sans", "Liberation Sans", "sans-serif"],
      mono: ["ui-monospace", "SFMono-Regular", "Menlo", "Consolas", "Liberation Mono", "monospace"],
    },
    extend: {
      fontSize: {
        "2xs": ["0.6875rem", { lineHeight: "1rem" }],
        xs: ["0.75rem", { lineHeight: "1rem" }],
        sm: ["0.8125rem", { lineHeight: "1.125rem" }],
        base: ["0.875rem", { lineHeight: "1.25rem" }],
      },
    },
  },
};

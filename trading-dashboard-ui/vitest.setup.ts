import "@testing-library/jest-dom/vitest";
import { cleanup } from "@testing-library/react";
import { afterEach } from "vitest";

afterEach(() => {
  if (typeof document === "undefined") return; // a test of the tools, without a page
  cleanup();
  localStorage.clear();
  sessionStorage.clear();
});

import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { render, screen } from "@testing-library/react";
import { HttpResponse, http } from "msw";
import { useSession } from "@/store/sessionStore";
import { server, withServer } from "@/test/server";
import { DeskControls } from "./DeskControls";

withServer();

function open(permissions: string[]): void {
  const me = { id: "u1", email: "trader@desk.test", role: "trader", permissions };
  useSession.setState({ session: { status: "signed-in", me } as never });
  server.use(http.get("*/api/v1/desk", () => HttpResponse.json({}, { status: 500 })));
  render(
    <QueryClientProvider client={new QueryClient({ defaultOptions: { queries: { retry: false } } })}>
      <DeskControls />
      <p>beside</p>
    </QueryClientProvider>,
  );
}

it("stops the desk even where its state cannot be read", async () => {
  open(["stop_desk"]);
  expect(await screen.findByRole("button", { name: "KILL" })).toBeEnabled();
});

it("offers nothing to who may not stop it", async () => {
  open([]);
  expect(await screen.findByText("beside")).toBeInTheDocument();
  expect(screen.queryByRole("button")).toBeNull();
});

import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { fireEvent, render, screen } from "@testing-library/react";
import { HttpResponse, http } from "msw";
import { sampleAccount } from "@/test/accounts";
import { answer, refuse, server, withServer } from "@/test/server";
import ClientDialog from "./ClientDialog";

withServer();

const SECRET = "never-in-sight-9";

function open(client: ReturnType<typeof sampleAccount> | null): () => number {
  let closed = 0;
  answer("get", "/api/v1/clients", { items: [], total: 0 });
  render(
    <QueryClientProvider client={new QueryClient()}>
      <ClientDialog
        client={client}
        dealers={[]}
        egresses={[]}
        onClose={() => {
          closed += 1;
        }}
      />
    </QueryClientProvider>,
  );
  return () => closed;
}

const type = (label: string, value: string) => fireEvent.change(screen.getByLabelText(label), { target: { value } });
const save = () => fireEvent.click(screen.getByText("Save"));

it("what is stored is told as set, never shown; a field left empty is not sent", async () => {
  const sent: unknown[] = [];
  server.use(
    http.patch("*/admin/clients/c1", async ({ request }) => {
      sent.push(await request.json());
      return HttpResponse.json(sampleAccount());
    }),
  );
  const closed = open(sampleAccount());
  expect(screen.getByText("Broker's secrets: set")).toBeVisible();
  for (const label of ["API key", "API secret", "Broker's password", "PAN or date of birth", "TOTP secret"]) {
    const field = screen.getByLabelText(label);
    expect(field).toHaveValue("");
    expect(field).toHaveAttribute("type", "password");
  }
  expect(screen.getByText("Save")).toHaveAttribute("aria-disabled", "true");
  type("API secret", SECRET);
  save();
  await vi.waitFor(() => expect(closed()).toBe(1));
  expect(sent).toEqual([{ api_secret: SECRET }]);
  expect(JSON.stringify({ ...localStorage, ...sessionStorage }) + location.href).not.toContain(SECRET);
});

it("what the server refuses stands at its field", async () => {
  refuse("post", "/admin/clients", 422, "invalid_input", {
    errors: [{ field: "totp_secret", message: "must be the base32 secret of the authenticator" }],
  });
  const closed = open(null);
  type("Name", "B. Iyer");
  type("MOFSL client code", "MO10002");
  save();
  expect(await screen.findByText("must be the base32 secret of the authenticator")).toBeVisible();
  expect(screen.getByLabelText("TOTP secret")).toHaveAccessibleDescription(/base32 secret of the authenticator/);
  expect(screen.getByRole("alert")).toHaveTextContent("mend the fields that are marked");
  expect(closed()).toBe(0);
});

it("a lost answer is called not known", async () => {
  server.use(http.post("*/admin/clients", () => HttpResponse.error()));
  open(null);
  type("Name", "B. Iyer");
  type("MOFSL client code", "MO10002");
  save();
  expect(await screen.findByRole("alert")).toHaveTextContent("Not known whether it was stored");
});

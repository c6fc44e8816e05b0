import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Age, Button, Head, LOGIN_STATE, StatusBadge, Table, Td, Th, toast } from "@/components/ui";
import { formatQuantity, formatTime } from "@/format";
import { sentenceOf } from "@/services/apiError";
import { type Login, logIn } from "@/services/logins";

interface LoginTableProps {
  rows: readonly Login[];
  mayLogIn: boolean;
}

export function LoginTable({ rows, mayLogIn }: LoginTableProps) {
  const queries = useQueryClient();
  const one = useMutation({
    mutationFn: (row: Login) => logIn(row.login_id),
    onSettled: () => queries.invalidateQueries({ queryKey: ["sessions"] }),
    onError: (error, row) =>
      toast({
        id: `login-${row.login_id}`,
        tone: "bad",
        title: `No login was asked for ${row.user_id}`,
        description: sentenceOf(error),
      }),
  });
  return (
    <Table label="Broker logins">
      <Head>
        <Th>Login</Th>
        <Th>Name</Th>
        <Th>Kind</Th>
        <Th numeric>Clients</Th>
        <Th>State</Th>
        <Th>Reason</Th>
        <Th>Opened</Th>
        <Th>Until</Th>
        <Th>Last tried</Th>
        {mayLogIn ? <Th>Act</Th> : null}
      </Head>
      <tbody>
        {rows.map((row) => (
          <tr key={row.login_id} className="hover:bg-sunken">
            <Td className="font-medium">{row.user_id}</Td>
            <Td className="max-w-48 truncate" title={row.name}>
              {row.name}
            </Td>
            <Td>{row.kind}</Td>
            <Td numeric>{formatQuantity(row.clients)}</Td>
            <Td>
              <StatusBadge look={LOGIN_STATE[row.state]} />
            </Td>
            <Td className="max-w-80 min-w-56 wrap-anywhere">{row.reason ?? ""}</Td>
            <Td className="tabular-nums">{formatTime(row.opened_at)}</Td>
            <Td className="tabular-nums">{formatTime(row.expires_at)}</Td>
            <Td>
              <Age at={row.attempted_at} />
            </Td>
            {mayLogIn ? (
              <Td>
                {row.state === "ready" || row.state === "logging_in" ? null : (
                  <Button
                    size="small"
                    disabled={one.isPending}
                    onClick={() => one.mutate(row)}
                    aria-label={`Log in ${row.user_id}`}
                  >
                    Log in
                  </Button>
                )}
              </Td>
            ) : null}
          </tr>
        ))}
      </tbody>
    </Table>
  );
}

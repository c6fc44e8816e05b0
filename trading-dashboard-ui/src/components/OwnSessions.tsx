import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Age, Button, ErrorNote, Head, Loading, Table, Td, Th, toast } from "@/components/ui";
import { formatMoment } from "@/format";
import { sentenceOf } from "@/services/apiError";
import { endBrowserSession, endOtherSessions, readBrowserSessions } from "@/services/session";

/** Where one is signed in, and how to end it there. */
export function OwnSessions() {
  const queries = useQueryClient();
  const found = useQuery({ queryKey: ["own-sessions"], queryFn: ({ signal }) => readBrowserSessions(signal) });
  const changed = () => queries.invalidateQueries({ queryKey: ["own-sessions"] });
  const failed = (error: unknown) =>
    toast({ id: "own-sessions", tone: "bad", title: "No session was ended", description: sentenceOf(error) });
  const one = useMutation({ mutationFn: endBrowserSession, onSettled: changed, onError: failed });
  const others = useMutation({ mutationFn: endOtherSessions, onSettled: changed, onError: failed });

  if (found.isPending) return <Loading what="your sessions" />;
  if (found.isError) {
    return (
      <div className="p-3">
        <ErrorNote title="Your sessions could not be read" error={found.error} onRetry={() => void found.refetch()} />
      </div>
    );
  }
  const hasOthers = found.data.items.some((session) => !session.is_current);
  return (
    <>
      <Table label="Your sessions" className="max-h-64">
        <Head>
          <Th>From</Th>
          <Th>Signed in</Th>
          <Th>Last seen</Th>
          <Th>Act</Th>
        </Head>
        <tbody>
          {found.data.items.map((session) => (
            <tr key={session.id}>
              <Td className="max-w-64 truncate" title={session.user_agent ?? ""}>
                {session.source_address ?? "unknown"} · {session.kind === "cookie" ? "browser" : "program"}
              </Td>
              <Td>{formatMoment(session.created_at)}</Td>
              <Td>
                <Age at={session.seen_at} />
              </Td>
              <Td>
                {session.is_current ? (
                  "this one"
                ) : (
                  <Button size="small" disabled={one.isPending} onClick={() => one.mutate(session.id)}>
                    End
                  </Button>
                )}
              </Td>
            </tr>
          ))}
        </tbody>
      </Table>
      {hasOthers ? (
        <div className="p-3">
          <Button disabled={others.isPending} onClick={() => others.mutate()}>
            End all others
          </Button>
        </div>
      ) : null}
    </>
  );
}

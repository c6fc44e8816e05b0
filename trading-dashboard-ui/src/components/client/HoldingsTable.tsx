import { EmptyState, Head, Table, Td, Th } from "@/components/ui";
import { formatPrice, formatQuantity } from "@/format";
import type { ClientHolding } from "@/services/portfolio";
import { ExitLink } from "./ExitLink";

type Client = { id: string; mofsl_client_code: string };

interface HoldingsTableProps {
  client: Client;
  holdings: readonly ClientHolding[];
  mayExit: boolean;
}

/** What lies in the demat account, and how much of it is not free to be sold. */
export function HoldingsTable({ client, holdings, mayExit }: HoldingsTableProps) {
  if (holdings.length === 0) return <EmptyState title="Nothing in the demat account, as the broker says." />;
  return (
    <Table label="Holdings" className="max-h-[60vh]">
      <Head>
        <Th>Name</Th>
        <Th>ISIN</Th>
        <Th numeric>Qty</Th>
        <Th numeric>T+1</Th>
        <Th numeric>Blocked</Th>
        <Th numeric>Pledged</Th>
        <Th numeric>To be authorised</Th>
        <Th numeric>Avg</Th>
        {mayExit ? <Th>Exit</Th> : null}
      </Head>
      <tbody>
        {holdings.map((one) => (
          <tr key={`${one.isin} ${one.nse_token} ${one.bse_token}`} className="hover:bg-sunken">
            <Td className="font-medium">{one.name}</Td>
            <Td className="font-mono text-xs">{one.isin}</Td>
            <Td numeric>{formatQuantity(one.quantity)}</Td>
            <Td numeric>{formatQuantity(one.t1_quantity)}</Td>
            <Td numeric>{formatQuantity(one.blocked_quantity)}</Td>
            <Td numeric>{formatQuantity(one.collateral_quantity)}</Td>
            <Td numeric>{formatQuantity(one.needs_authorisation_quantity)}</Td>
            <Td numeric>{formatPrice(one.average_price)}</Td>
            {mayExit ? (
              <Td>
                <ExitOf client={client} holding={one} />
              </Td>
            ) : null}
          </tr>
        ))}
      </tbody>
    </Table>
  );
}

/** On NSE where it is listed there. */
function ExitOf({ client, holding }: { client: Client; holding: ClientHolding }) {
  const id =
    holding.nse_token !== null
      ? `NSE:${holding.nse_token}`
      : holding.bse_token !== null
        ? `BSE:${holding.bse_token}`
        : null;
  if (id === null || holding.quantity <= 0) return null;
  return (
    <ExitLink instrumentId={id} client={client} tradeType="DELIVERY" name={`${holding.name} from the demat account`} />
  );
}

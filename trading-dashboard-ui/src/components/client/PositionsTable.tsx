import { Link } from "wouter";
import { EmptyState, Head, ProfitLoss, Table, Td, Th } from "@/components/ui";
import { amountOf, formatPrice, formatSignedPercent, formatSignedQuantity } from "@/format";
import { productName, tradeTypeOf } from "@/rules/products";
import type { ClientPosition } from "@/services/portfolio";
import { ExitLink } from "./ExitLink";

type Client = { id: string; mofsl_client_code: string };

interface PositionsTableProps {
  client: Client;
  positions: readonly ClientPosition[];
  mayExit: boolean;
}

/** Open ones first; what was closed today stays, with what it made. */
export function PositionsTable({ client, positions, mayExit }: PositionsTableProps) {
  if (positions.length === 0) return <EmptyState title="No position today, as the broker says." />;
  const sorted = positions.toSorted(
    (left, right) => Number(right.net_quantity !== 0) - Number(left.net_quantity !== 0),
  );
  return (
    <Table label="Positions" className="max-h-[60vh]">
      <Head>
        <Th>Symbol</Th>
        <Th>Exchange</Th>
        <Th>Product</Th>
        <Th numeric>Qty</Th>
        <Th numeric>Avg</Th>
        <Th numeric>LTP</Th>
        <Th numeric>Unrealised</Th>
        <Th numeric>Booked</Th>
        <Th numeric>P&L</Th>
        <Th numeric>%</Th>
        {mayExit ? <Th>Exit</Th> : null}
      </Head>
      <tbody>
        {sorted.map((one) => (
          <tr key={`${one.id} ${one.product}`} className="hover:bg-sunken">
            <Td className="font-medium">
              <Link href={`/exit/${one.id}`} className="hover:underline">
                {one.symbol || one.id}
              </Link>
            </Td>
            <Td>{one.exchange}</Td>
            <Td title={one.product}>{productName(one.product)}</Td>
            <Td numeric>{formatSignedQuantity(one.net_quantity)}</Td>
            <Td numeric>{formatPrice(one.average_price)}</Td>
            <Td numeric>{formatPrice(one.ltp)}</Td>
            <Td numeric>
              <ProfitLoss value={one.mark_to_market} />
            </Td>
            <Td numeric>
              <ProfitLoss value={one.booked_profit_loss} />
            </Td>
            <Td numeric>
              <ProfitLoss value={one.pl} />
            </Td>
            <Td numeric>{formatSignedPercent(returnOf(one))}</Td>
            {mayExit ? (
              <Td>
                {one.net_quantity === 0 ? null : (
                  <ExitLink
                    instrumentId={one.id}
                    client={client}
                    tradeType={tradeTypeOf(one.product)}
                    name={`${one.symbol || one.id} ${productName(one.product)}`}
                  />
                )}
              </Td>
            ) : null}
          </tr>
        ))}
      </tbody>
    </Table>
  );
}

/** Of what is open, on what it cost; null where either is not known. */
function returnOf({
  net_quantity: net,
  average_price: average,
  mark_to_market: profit,
}: ClientPosition): number | null {
  if (net === 0 || average === null) return null;
  const cost = Number(amountOf(average)) * Math.abs(net);
  return cost === 0 ? null : Number(amountOf(profit)) / cost;
}

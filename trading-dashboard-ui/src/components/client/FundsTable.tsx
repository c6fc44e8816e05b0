import { EmptyState, Head, Money, Table, Td, Th } from "@/components/ui";
import type { ClientPortfolio } from "@/services/portfolio";

/** The broker's own lines, as it numbers and names them. */
export function FundsTable({ funds }: { funds: ClientPortfolio["funds"] }) {
  if (funds.particulars.length === 0) return <EmptyState title="The broker gave no lines." />;
  return (
    <Table label="Funds" className="max-h-[60vh]">
      <Head>
        <Th numeric className="w-16">
          No.
        </Th>
        <Th>Particular</Th>
        <Th numeric>Amount</Th>
      </Head>
      <tbody>
        {funds.particulars.map(({ number, label, amount }) => (
          <tr key={`${number} ${label}`} className="hover:bg-sunken">
            <Td numeric>{number}</Td>
            <Td>{label}</Td>
            <Td numeric>
              <Money value={amount} />
            </Td>
          </tr>
        ))}
      </tbody>
    </Table>
  );
}

import { Head, Table, Td, Th } from "@/components/ui";
import type { RowVerdict } from "@/rules/importVerdict";

/** The rows of a file that cannot be added, each with all that is wrong. Cells are never quoted: they may be secrets. */
export function WrongRows({ rows }: { rows: readonly RowVerdict[] }) {
  return (
    <Table label="Rows that are wrong" className="max-h-80 rounded border">
      <Head>
        <Th numeric>Row</Th>
        <Th>Client code</Th>
        <Th>What is wrong</Th>
      </Head>
      <tbody>
        {rows.map((row) => (
          <tr key={row.row}>
            <Td numeric>{row.row}</Td>
            <Td>{row.mofsl_client_code ?? "—"}</Td>
            <Td>
              <ul>
                {row.errors.map(({ field, message }) => (
                  <li key={`${field} ${message}`}>
                    <strong className="font-medium">{field}</strong> {message}
                  </li>
                ))}
              </ul>
            </Td>
          </tr>
        ))}
      </tbody>
    </Table>
  );
}

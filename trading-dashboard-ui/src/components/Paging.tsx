import { Button } from "@/components/ui";
import { formatQuantity } from "@/format";

interface PagingProps {
  page: number;
  pageSize: number;
  total: number;
  onPage: (page: number) => void;
}

/** Under a list whose newest rows come first; nothing where one page holds it all. */
export function Paging({ page, pageSize, total, onPage }: PagingProps) {
  const pages = Math.max(1, Math.ceil(total / pageSize));
  if (pages <= 1) return null;
  return (
    <nav aria-label="Pages" className="flex items-center justify-end gap-2 border-t px-3 py-2 text-sm">
      <Button size="small" disabled={page <= 1} onClick={() => onPage(page - 1)}>
        Newer
      </Button>
      <span>
        {formatQuantity(page)} of {formatQuantity(pages)}
      </span>
      <Button size="small" disabled={page >= pages} onClick={() => onPage(page + 1)}>
        Older
      </Button>
    </nav>
  );
}

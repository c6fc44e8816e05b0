import clsx from "clsx";
import { Link, useRoute } from "wouter";
import { type RailPage, railFor } from "@/app/pageTable";
import { useSession } from "@/store/sessionStore";

export function Rail() {
  const session = useSession((store) => store.session);
  const pages = railFor((permission) => "me" in session && session.me.permissions.includes(permission));
  return (
    <nav
      aria-label="Screens"
      className="shrink-0 overflow-auto border-b bg-surface sm:w-[5.25rem] sm:border-r sm:border-b-0"
    >
      <ul className="flex sm:flex-col">
        {pages.map((page) => (
          <li key={page.pattern}>
            <RailLink page={page} />
          </li>
        ))}
      </ul>
    </nav>
  );
}

function RailLink({ page }: { page: RailPage }) {
  const { href, icon: Icon } = page.rail;
  const [isHere] = useRoute(href === "/" ? "/" : `${href}/*?`);
  return (
    <Link
      href={href}
      aria-current={isHere ? "page" : undefined}
      className={clsx(
        "flex min-h-12 min-w-16 flex-col items-center justify-center gap-0.5 border-transparent px-1 py-1.5 text-xs sm:border-l-4",
        isHere ? "border-l-accent bg-accent-soft font-semibold" : "text-ink-soft hover:bg-sunken hover:text-ink",
      )}
    >
      <Icon aria-hidden size={18} />
      {page.name}
    </Link>
  );
}

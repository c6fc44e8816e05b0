import { ChevronDown } from "lucide-react";
import { useLocation } from "wouter";
import { Button, Menu, MenuItem, MenuLine, MenuText, toast } from "@/components/ui";
import { sentenceOf } from "@/services/apiError";
import { useMe, useSession } from "@/store/sessionStore";

export function UserMenu() {
  const me = useMe();
  const leave = useSession((store) => store.leave);
  const [, go] = useLocation();
  const signOut = async () => {
    try {
      await leave();
    } catch (error) {
      toast({ id: "sign-out", tone: "bad", title: "You are still signed in", description: sentenceOf(error) });
    }
  };
  return (
    <Menu
      trigger={
        <Button tone="ghost" size="small" className="bg-surface">
          {me.email}
          <ChevronDown aria-hidden size={14} />
        </Button>
      }
    >
      <MenuText>Signed in as {me.role}</MenuText>
      <MenuItem onSelect={() => go("/settings")}>Settings</MenuItem>
      <MenuLine />
      <MenuItem onSelect={() => void signOut()}>Sign out</MenuItem>
    </Menu>
  );
}

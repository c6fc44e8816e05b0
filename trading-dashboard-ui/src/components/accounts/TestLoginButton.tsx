import { Button } from "@/components/ui";
import type { LoginTest } from "@/hooks/useLoginTest";

interface TestLoginButtonProps {
  test: LoginTest;
  isDirty: boolean;
  disabled: boolean;
  onPress: () => void;
}

export function TestLoginButton({ test, isDirty, disabled, onPress }: TestLoginButtonProps) {
  return (
    <Button disabled={disabled} focusableWhenDisabled onClick={onPress}>
      {test.phase === "waiting" ? "Testing…" : isDirty ? "Save and test login" : "Test login"}
    </Button>
  );
}

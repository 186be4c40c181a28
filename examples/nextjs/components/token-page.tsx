import { Suspense } from "react";
import { TokenForm, type TokenFormProps } from "./token-form";

interface Props extends Omit<TokenFormProps, "token"> {
  searchParams: Promise<{ token?: string | string[] }>;
}

/** What a link in a mail leads to: a sentence and a button. */
export function TokenPage(props: Props) {
  return (
    <Suspense fallback={<p className="soft">One moment…</p>}>
      <WithToken {...props} />
    </Suspense>
  );
}

async function WithToken({ searchParams, ...rest }: Props) {
  const { token } = await searchParams;
  return <TokenForm token={typeof token === "string" ? token : ""} {...rest} />;
}

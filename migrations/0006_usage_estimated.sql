-- Whether some of a row's tokens are estimated, since the answer broke off before the vendor reported them. Null: no.
ALTER TABLE usage ADD COLUMN usage_estimated boolean;
